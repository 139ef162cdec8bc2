import type { Environment, FlagValues, HostPort, LogLevel, Program } from '@rolegate/runtime';
import { parseFlags } from '@rolegate/runtime';
import type { MetadataGroup } from '@rolegate/protocol';
import { checkAgentFlags } from './check.ts';
import { agentFlags, ATTEST_PORT, DEFAULT_TOKEN_FILE, firewallFlags } from './flags.ts';
import { agentLegacyFlags } from './legacy-flags.ts';
import type { LimitsOptions } from '../metadata/http-limits.ts';

/** The agent's configuration. Frozen, as are its parts. */
export type AgentConfig = RolesConfig | FirewallConfig;

/** Pods get their roles. */
export interface RolesConfig extends NodeConfig {
  readonly mode: 'roles';
  readonly serverAddresses: readonly HostPort[];
  /** Where servers give a first certificate. Not used with one from elsewhere. */
  readonly attestAddresses: readonly HostPort[];
  /** What the server's certificate must name; undefined: the host of the address. */
  readonly serverName: string | undefined;
  readonly tls: AgentTls;
}

/** How the agent proves to a server which node it is on. */
export type AgentTls = AttestedTls | TlsOfFiles;

/** It gets a certificate of its own for the token. */
export interface AttestedTls {
  readonly kind: 'attested';
  readonly caFile: string;
  readonly tokenFile: string;
}

/** Its certificate comes from elsewhere. */
export interface TlsOfFiles {
  readonly kind: 'files';
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Sent with each call; undefined: the certificate alone names the node. */
  readonly tokenFile: string | undefined;
}

/** All Pods are refused, but for what `metadataGroups` and `allowPaths` open. */
export interface FirewallConfig extends NodeConfig {
  readonly mode: 'firewall';
}

/** What both modes need. */
export interface NodeConfig {
  readonly nodeName: string;
  /** One per family, canonical (RFC 5952). */
  readonly hostIps: readonly string[];
  /** Not read where there is a `cniSocket`. */
  readonly cniCacheDirs: readonly string[];
  /** Of the process that reads the CNI results for the agent. */
  readonly cniSocket: string | undefined;
  readonly staleIpMs: number;
  /** On which Pods are served, on every one of `hostIps`. */
  readonly port: number;
  /** Without a slash at its end. */
  readonly imdsEndpoint: string;
  readonly imdsv1: 'allow' | 'audit' | 'deny';
  readonly holdMs: number;
  readonly holdGoMs: number;
  readonly limits: LimitsOptions;
  readonly holdPatientMs: number;
  readonly metadataGroups: ReadonlySet<MetadataGroup>;
  /** Expressions that parseAllowPaths takes. */
  readonly allowPaths: readonly string[];
  /** Lower case, without ports and brackets. */
  readonly metadataHosts: readonly string[];
  /** For what outlives the process; undefined: nothing does. */
  readonly stateDir: string | undefined;
  /** Of /metrics, /livez and /readyz. */
  readonly opsListen: HostPort;
  /** Of kubelet's liveness probe, on loopback. */
  readonly probeListen: HostPort;
  /** For `rolegate-agent status`; undefined: at its default, where it can be made. */
  readonly statusSocket: string | undefined;
  readonly log: {
    readonly level: LogLevel;
    readonly format: 'json' | 'text';
    readonly base: Readonly<Record<'node', string>>;
  };
}

/** What the command line and the environment came to. */
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
  summary: 'answers the metadata API for the Pods of one node',
  flags: agentFlags,
  legacy: agentLegacyFlags,
  envPrefix: 'ROLEGATE_',
  subcommand: 'agent',
};

/** The agent's configuration, or everything that is wrong with it. Never throws. */
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

/** What is needed depends on the mode: that is read first, whatever is wrong with the rest. */
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

/** The server's hosts, each once, unless others are given. */
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

/** What roles mode opens by default is here open only where it is named. */
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
