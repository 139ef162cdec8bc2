import type { Environment, FlagValues, HostPort, LogLevel, Program } from '@rolegate/runtime';
import { parseFlags } from '@rolegate/runtime';
import type { MetadataGroup } from '@rolegate/protocol';
import { checkAgentFlags } from './check.ts';
import { agentFlags, ATTEST_PORT, DEFAULT_TOKEN_FILE, firewallFlags } from './flags.ts';
import { agentLegacyFlags } from './legacy-flags.ts';
import type { LimitsOptions } from '../pod-http/http-limits.ts';

/** The agent's configuration. Frozen, as are its parts. */
export type AgentConfig = RolesConfig | FirewallConfig;

/** Pods get their roles. */
export interface RolesConfig extends NodeConfig {
  readonly mode: 'roles';
  readonly serverAddresses: readonly HostPort[];
  /** Where servers issue first certificates. Unused with a user-provided certificate. */
  readonly attestAddresses: readonly HostPort[];
  /** The name that the server's certificate must have. Defaults to the host of the address. */
  readonly serverName: string | undefined;
  readonly tls: AgentTls;
}

/** How the agent proves to a server which node it is on. */
export type AgentTls = AttestedTls | TlsOfFiles;

/** The server issues a certificate for the ServiceAccount token. */
export interface AttestedTls {
  readonly kind: 'attested';
  readonly caFile: string;
  readonly tokenFile: string;
}

/** User-provided certificate. */
export interface TlsOfFiles {
  readonly kind: 'files';
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Sent with each call; undefined: only the certificate names the node. */
  readonly tokenFile: string | undefined;
}

/** Refuses all Pods, except for what `metadataGroups` and `allowPaths` open. */
export interface FirewallConfig extends NodeConfig {
  readonly mode: 'firewall';
}

/** Common to both modes. */
export interface NodeConfig {
  readonly nodeName: string;
  /** One per family, canonical (RFC 5952). */
  readonly hostIps: readonly string[];
  /** Unused if `cniSocket` is set. */
  readonly cniCacheDirs: readonly string[];
  /** Socket of `rolegate-agent reconcile`, which reads the CNI results for the agent. */
  readonly cniSocket: string | undefined;
  readonly staleIpMs: number;
  /** Serves Pods, on each of `hostIps`. */
  readonly port: number;
  /** Without a trailing slash. */
  readonly imdsEndpoint: string;
  readonly imdsv1: 'allow' | 'audit' | 'deny';
  readonly holdMs: number;
  readonly holdGoMs: number;
  readonly limits: LimitsOptions;
  readonly holdPatientMs: number;
  readonly metadataGroups: ReadonlySet<MetadataGroup>;
  /** Valid for parseAllowPaths. */
  readonly allowPaths: readonly string[];
  /** Lower case, without ports and brackets. */
  readonly metadataHosts: readonly string[];
  readonly containerCredentials: ContainerCredentialsConfig;
  /** Holds state that survives a restart; undefined: none does. */
  readonly stateDir: string | undefined;
  /** Of /metrics, /livez and /readyz. */
  readonly opsListen: HostPort;
  /** For kubelet's liveness probe, on loopback. */
  readonly probeListen: HostPort;
  /** For `rolegate-agent status`; undefined: the default path, if it can be created. */
  readonly statusSocket: string | undefined;
  readonly log: {
    readonly level: LogLevel;
    readonly format: 'json' | 'text';
    readonly base: Readonly<Record<'node', string>>;
  };
}

/** The endpoint for Pods that prove themselves by a ServiceAccount token. */
export interface ContainerCredentialsConfig {
  readonly enabled: boolean;
  /** It is served once the agent listens on the first one. */
  readonly addresses: readonly HostPort[];
  /** The only audience that tokens may have. */
  readonly audience: string;
}

/** The result of parsing the command line and the environment. */
export type AgentConfigOutcome =
  | { readonly kind: 'config'; readonly config: AgentConfig; readonly warnings: readonly string[] }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

type RolesValues = FlagValues<typeof agentFlags>;
type FirewallValues = FlagValues<typeof firewallFlags>;

/** The agent's flags: for parsing, help and docs/flags.md. */
export const agentProgram: Program<typeof agentFlags> = {
  name: 'rolegate-agent',
  summary: 'handles the metadata requests of the Pods of one node',
  flags: agentFlags,
  legacy: agentLegacyFlags,
  envPrefix: 'ROLEGATE_',
  subcommand: 'agent',
};

/** Returns the agent's configuration, or all its errors. Never throws. */
export function parseAgentConfig(input: AgentInput): AgentConfigOutcome {
  const { mode, given } = lookAhead(input);
  const withCheck = { ...input, check: checkAgentFlags };
  if (mode === 'firewall') {
    const program = { ...agentProgram, flags: firewallFlags };
    const outcome = parseFlags(program, withCheck);
    if (outcome.kind !== 'values') return outcome;
    return { kind: 'config', config: firewallConfig(outcome.values, given), warnings: outcome.warnings };
  }
  const outcome = parseFlags(agentProgram, withCheck);
  if (outcome.kind !== 'values') return outcome;
  return { kind: 'config', config: rolesConfig(outcome.values), warnings: outcome.warnings };
}

interface AgentInput {
  readonly argv: readonly string[];
  readonly env: Environment;
}

/** Which flags are required depends on the mode, so it is read first, even if other flags are invalid. */
function lookAhead(input: AgentInput) {
  let found: { mode?: 'roles' | 'firewall' | undefined; given: ReadonlySet<string> } = { given: new Set() };
  parseFlags(agentProgram, {
    ...input,
    check({ mode }, given) {
      found = { mode, given };
      return {};
    },
  });
  return found;
}

function rolesConfig(values: RolesValues): RolesConfig {
  return Object.freeze({
    ...nodeConfig(values),
    mode: 'roles',
    serverAddresses: values['server-address'],
    attestAddresses: attestAddresses(values),
    serverName: values['server-name'],
    tls: Object.freeze(tlsConfig(values)),
  });
}

/** Defaults to the distinct hosts of --server-address. */
function attestAddresses(values: RolesValues): readonly HostPort[] {
  const given = values['attest-address'];
  if (given.length > 0) return given;
  const hosts = new Set(values['server-address'].map(({ host }) => host));
  return Object.freeze([...hosts].map((host) => Object.freeze({ host, port: ATTEST_PORT })));
}

function tlsConfig({ cert, key, ca, 'token-file': tokenFile }: RolesValues): AgentTls {
  return cert === undefined || key === undefined
    ? { kind: 'attested', caFile: ca, tokenFile: tokenFile ?? DEFAULT_TOKEN_FILE }
    : { kind: 'files', caFile: ca, certFile: cert, keyFile: key, tokenFile };
}

/** The groups that roles mode opens by default are open here only if named explicitly. */
function firewallConfig(values: FirewallValues, given: ReadonlySet<string>): FirewallConfig {
  const { metadataGroups, ...node } = nodeConfig(values);
  return Object.freeze({
    ...node,
    mode: 'firewall',
    metadataGroups: given.has('metadata-groups') ? metadataGroups : new Set<MetadataGroup>(),
  });
}

function nodeConfig(values: RolesValues | FirewallValues): NodeConfig {
  return {
    nodeName: values['node-name'],
    hostIps: values['host-ip'],
    cniCacheDirs: values['cni-cache-dir'],
    cniSocket: values['cni-socket'],
    staleIpMs: values['stale-ip'],
    port: values.port,
    imdsEndpoint: values['imds-endpoint'],
    imdsv1: values.imdsv1,
    holdMs: values.hold,
    holdGoMs: values['hold-go'],
    limits: Object.freeze({
      connectionsPerPod: values['connections-per-pod'],
      waitingPerPod: values['waiting-per-pod'],
      connections: values.connections,
      waiting: values.waiting,
    }),
    holdPatientMs: values['hold-patient'],
    metadataGroups: new Set(values['metadata-groups'].filter((word) => word !== 'none')),
    allowPaths: values['allow-path'],
    metadataHosts: values['metadata-host'],
    containerCredentials: Object.freeze({
      enabled: values['container-credentials'],
      addresses: values['container-credentials-bind'],
      audience: values['container-credentials-audience'],
    }),
    stateDir: values['state-dir'],
    opsListen: values['prometheus-listen-addr'],
    probeListen: values['probe-bind'],
    statusSocket: values['status-socket'],
    log: Object.freeze({
      level: values['log-level'],
      format: values['log-format'],
      base: Object.freeze({ node: values['node-name'] }),
    }),
  };
}
