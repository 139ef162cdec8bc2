import { isIPv6 } from 'node:net';
import type { CheckOutcome, Environment, FlagValues, HostPort, LogLevel, Program } from '@rolegate/runtime';
import { parseFlags } from '@rolegate/runtime';
import { agentFlags } from './config-flags.ts';
import { agentForeignFlags } from './config-foreign.ts';
import { warningsFor } from './metadata/allow-path.ts';
import type { Group } from './metadata/groups.ts';

/** What the agent was told. Frozen, as are its parts. */
export interface AgentConfig {
  readonly serverAddresses: readonly HostPort[];
  /** What the server's certificate must name; undefined: the host of the address. */
  readonly serverName: string | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
  readonly nodeName: string;
  /** One per family, canonical (RFC 5952). */
  readonly hostIps: readonly string[];
  readonly cniCacheDirs: readonly string[];
  readonly staleIpMs: number;
  /** On which Pods are served, on every one of `hostIps`. */
  readonly port: number;
  /** Without a slash at its end. */
  readonly imdsEndpoint: string;
  readonly imdsv1: 'allow' | 'audit' | 'deny';
  readonly holdMs: number;
  readonly holdGoMs: number;
  readonly metadataGroups: ReadonlySet<Group>;
  /** Expressions that parseAllowPaths takes. */
  readonly allowPaths: readonly string[];
  /** Lower case, without ports and brackets. */
  readonly metadataHosts: readonly string[];
  /** Of /metrics, /livez and /readyz. */
  readonly opsListen: HostPort;
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

type Values = FlagValues<typeof agentFlags>;

/** The agent's flags: for parsing, help and docs/flags.md. */
export const agentProgram: Program<typeof agentFlags> = {
  name: 'rolegate-agent',
  summary: 'answers the metadata API for the Pods of one node',
  flags: agentFlags,
  foreign: agentForeignFlags,
  envPrefix: 'ROLEGATE_',
  subcommand: 'agent',
};

/** The agent's configuration, or everything that is wrong with it. Never throws. */
export function parseAgentConfig(input: {
  readonly argv: readonly string[];
  readonly env: Environment;
}): AgentConfigOutcome {
  const outcome = parseFlags(agentProgram, { ...input, check });
  if (outcome.kind !== 'values') return outcome;
  return { kind: 'config', config: toConfig(outcome.values), warnings: outcome.warnings };
}

function toConfig(values: Values): AgentConfig {
  return Object.freeze({
    serverAddresses: values['server-address'],
    serverName: values['server-name'],
    tls: Object.freeze({ certFile: values.cert, keyFile: values.key, caFile: values.ca }),
    nodeName: values['node-name'],
    hostIps: values['host-ip'],
    cniCacheDirs: values['cni-cache-dir'],
    staleIpMs: values['stale-ip'],
    port: values.port,
    imdsEndpoint: values['imds-endpoint'],
    imdsv1: values.imdsv1,
    holdMs: values.hold,
    holdGoMs: values['hold-go'],
    metadataGroups: new Set(values['metadata-groups'].filter((word) => word !== 'none')),
    allowPaths: values['allow-path'],
    metadataHosts: values['metadata-host'],
    opsListen: values['prometheus-listen-addr'],
    log: Object.freeze({
      level: values['log-level'],
      format: values['log-format'],
      base: Object.freeze({ node: values['node-name'] }),
    }),
  });
}

function check(values: Partial<Values>): CheckOutcome {
  const warnings = warningsFor(values['allow-path'] ?? []).map(
    ({ expression, path, risk }) => `--allow-path ${JSON.stringify(expression)} fits ${path}: ${risk}`,
  );
  return { faults: [...hostIpFaults(values), ...portFaults(values), ...groupFaults(values)], warnings };
}

function hostIpFaults({ 'host-ip': hostIps = [] }: Partial<Values>): string[] {
  const six = hostIps.filter((ip) => isIPv6(ip));
  const four = hostIps.filter((ip) => !isIPv6(ip));
  const unfit = hostIps.filter((ip) => ['0.0.0.0', '::', '169.254.169.254', 'fd00:ec2::254'].includes(ip));
  return [
    ...(six.length > 1 || four.length > 1
      ? [
          `--host-ip: ${hostIps.join(', ')} are more than one of a family; give one IPv4 and one IPv6 address at most`,
        ]
      : []),
    ...unfit.map((ip) => `--host-ip: ${ip} is no address of the node; give its internal address`),
  ];
}

/** /metrics must not be where Pods can read it. */
function portFaults({ port, 'prometheus-listen-addr': ops }: Partial<Values>): string[] {
  return port !== undefined && port !== 0 && ops?.port === port
    ? [`--prometheus-listen-addr: port ${port} is the one on which Pods are served; use another`]
    : [];
}

function groupFaults({ 'metadata-groups': words = [] }: Partial<Values>): string[] {
  return words.includes('none') && words.length > 1
    ? ['--metadata-groups: none stands beside groups; leave one of them out']
    : [];
}
