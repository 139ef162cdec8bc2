import type { Environment, FlagValues, HostPort, LogLevel, Program } from '@rolegate/runtime';
import { parseFlags } from '@rolegate/runtime';
import { checkServerFlags } from './checks.ts';
import { serverFlags } from './flags.ts';
import { serverLegacyFlags } from './legacy-flags.ts';
import { toAgents, toAuthority, toRoles, toSessions, toSts, toTls } from './parts.ts';

/** What the server was told. Frozen, as are its parts. */
export interface ServerConfig {
  readonly listen: HostPort;
  /** Where agents get their first certificate; open only if the server is its own authority. */
  readonly attestListen: HostPort;
  /** Of /metrics, /livez and /readyz. */
  readonly opsListen: HostPort;
  /** Of kubelet's probes. */
  readonly probeListen: HostPort;
  /** For `rolegate-server status`; undefined: at its default, where it can be made. */
  readonly statusSocket: string | undefined;
  /** Certificates of one's own; undefined: the server is its own authority. */
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly caFile: string } | undefined;
  readonly authority: {
    /** Of its Secret and its ConfigMap. */
    readonly namespace: string;
    readonly name: string;
    readonly ageMs: number;
    /** DNS names in the server's certificate. */
    readonly serverNames: readonly string[];
  };
  readonly agents: {
    readonly identity: 'attested' | 'shared';
    /** `<namespace>/<name>`; empty where the server knows no namespace of its own. */
    readonly serviceAccounts: readonly string[];
    /** Empty: any. */
    readonly daemonSets: readonly string[];
    /** Keys of taints that a Node loses once its agent is ready. */
    readonly startupTaints: readonly string[];
  };
  readonly trustDomain: string;
  readonly tokenSecretFile: string | undefined;
  readonly streamAgeMs: number;
  readonly drainTimeoutMs: number;
  /** Undefined: in the cluster. */
  readonly kubeconfigFile: string | undefined;
  readonly clusterName: string;
  readonly roles: {
    /** Undefined: to be detected. */
    readonly baseArn: string | undefined;
    /** Globs. Empty: the base ARN's account. */
    readonly ceilings: readonly string[];
    readonly namespacePolicy: 'enforce' | 'audit';
    readonly defaultRole: string | undefined;
  };
  readonly sessions: {
    readonly scope: 'pod' | 'workload' | 'role';
    /** Whole seconds. */
    readonly durationMs: number;
    readonly nameTemplate: string | undefined;
    readonly sourceIdentityTemplate: string | undefined;
    readonly tagTemplates: Readonly<Record<string, string>>;
  };
  readonly sts: {
    readonly region: string;
    /** Undefined: the region's own. */
    readonly endpoint: string | undefined;
    readonly fips: boolean;
    readonly dualStack: boolean;
    /** ARN of the role that the server assumes before those of Pods. */
    readonly assumedRoleArn: string | undefined;
    /** Calls a second. */
    readonly rate: number;
    readonly burst: number;
  };
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'text' };
}

/** What the command line and the environment came to. */
export type ServerConfigOutcome =
  | { readonly kind: 'config'; readonly config: ServerConfig; readonly warnings: readonly string[] }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

type Values = FlagValues<typeof serverFlags>;

/** The server's flags: for parsing, help and docs/flags.md. */
export const serverProgram: Program<typeof serverFlags> = {
  name: 'rolegate-server',
  summary: 'decides which Pod gets which role, and fetches the credentials',
  flags: serverFlags,
  legacy: serverLegacyFlags,
  envPrefix: 'ROLEGATE_',
  subcommand: 'server',
};

/** The server's configuration, or everything that is wrong with it. Never throws. */
export function parseServerConfig(input: {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** That of the Pod in which the server runs, if any. */
  readonly podNamespace?: string | undefined;
}): ServerConfigOutcome {
  const { podNamespace, ...given } = input;
  const outcome = parseFlags(serverProgram, {
    ...given,
    check: (values, names) => checkServerFlags(values, names, podNamespace),
  });
  if (outcome.kind !== 'values') return outcome;
  const { values, warnings } = outcome;
  return { kind: 'config', config: toConfig(values, values.namespace ?? podNamespace ?? ''), warnings };
}

function toConfig(values: Values, namespace: string): ServerConfig {
  return Object.freeze({
    listen: values.bind,
    attestListen: values['attest-bind'],
    opsListen: values['prometheus-listen-addr'],
    probeListen: values['probe-bind'],
    statusSocket: values['status-socket'],
    tls: toTls(values),
    authority: toAuthority(values, namespace),
    agents: toAgents(values, namespace),
    trustDomain: values['trust-domain'],
    tokenSecretFile: values['token-secret-file'],
    streamAgeMs: values['stream-age'],
    drainTimeoutMs: values['drain-timeout'],
    kubeconfigFile: values.kubeconfig,
    clusterName: values['cluster-name'] ?? '',
    roles: toRoles(values),
    sessions: toSessions(values),
    sts: toSts(values),
    log: Object.freeze({ level: values['log-level'], format: values['log-format'] }),
  });
}
