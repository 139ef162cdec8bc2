import type { Environment, FlagValues, HostPort, LogLevel, Program } from '@rolegate/runtime';
import { parseFlags } from '@rolegate/runtime';
import { checkServerFlags, readAsHour } from './config-checks.ts';
import { serverFlags } from './config-flags.ts';
import { serverForeignFlags } from './config-foreign.ts';

/** Milliseconds. */
const HOUR_MS = 3_600_000;

/** What the server was told. Frozen, as are its parts. */
export interface ServerConfig {
  readonly listen: HostPort;
  /** Of /metrics, /livez and /readyz. */
  readonly opsListen: HostPort;
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
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
  foreign: serverForeignFlags,
  envPrefix: 'ROLEGATE_',
  subcommand: 'server',
};

/** The server's configuration, or everything that is wrong with it. Never throws. */
export function parseServerConfig(input: {
  readonly argv: readonly string[];
  readonly env: Environment;
}): ServerConfigOutcome {
  const outcome = parseFlags(serverProgram, { ...input, check: checkServerFlags });
  if (outcome.kind !== 'values') return outcome;
  return { kind: 'config', config: toConfig(outcome.values), warnings: outcome.warnings };
}

function toConfig(values: Values): ServerConfig {
  return Object.freeze({
    listen: values.bind,
    opsListen: values['prometheus-listen-addr'],
    tls: Object.freeze({ certFile: values.cert, keyFile: values.key, caFile: values.ca }),
    trustDomain: values['trust-domain'],
    tokenSecretFile: values['token-secret-file'],
    streamAgeMs: values['stream-age'],
    drainTimeoutMs: values['drain-timeout'],
    kubeconfigFile: values.kubeconfig,
    clusterName: values['cluster-name'] ?? '',
    roles: Object.freeze({
      baseArn: values['role-base-arn'],
      ceilings: values['role-ceiling'],
      namespacePolicy: values['namespace-policy'],
      defaultRole: values['default-role'],
    }),
    sessions: toSessions(values),
    sts: Object.freeze({
      // With an endpoint of one's own the region is only part of the signature.
      region: values.region ?? 'us-east-1',
      endpoint: values['sts-endpoint'],
      rate: values['sts-rate'],
      burst: values['sts-burst'],
    }),
    log: Object.freeze({ level: values['log-level'], format: values['log-format'] }),
  });
}

function toSessions(values: Values): ServerConfig['sessions'] {
  return Object.freeze({
    scope: values['session-scope'],
    durationMs: readAsHour(values) ? HOUR_MS : values['session-duration'],
    nameTemplate: values['session-name-template'],
    sourceIdentityTemplate: values['source-identity-template'],
    tagTemplates: Object.freeze(Object.fromEntries(values['session-tag'])),
  });
}
