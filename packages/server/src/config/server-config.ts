import type { FlagValues, HostPort, LogLevel } from '@rolegate/runtime';
import { accountBaseArn, assumedRoleArn } from './sts-checks.ts';
import { readAsHour } from './checks.ts';
import type { serverFlags } from './flags.ts';

/** Milliseconds. */
const HOUR_MS = 3_600_000;

/** The server's configuration. Frozen, as are its parts. */
export interface ServerConfig {
  readonly listen: HostPort;
  /** Where agents get their first certificate; open only if the server uses its own authority. */
  readonly attestListen: HostPort;
  /** Of /metrics, /livez and /readyz. */
  readonly opsListen: HostPort;
  /** Of kubelet's probes. */
  readonly probeListen: HostPort;
  /** For `rolegate-server status`; undefined: the default path, if it can be created. */
  readonly statusSocket: string | undefined;
  /** User-provided certificates; undefined: the server uses its own authority. */
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
    /** `<namespace>/<name>`; empty if the server does not know its Namespace. */
    readonly serviceAccounts: readonly string[];
    /** Empty: any. */
    readonly daemonSets: readonly string[];
    /** Keys of taints that are removed from a Node once its agent is ready. */
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
    /** Undefined: the region's endpoint. */
    readonly endpoint: string | undefined;
    readonly fips: boolean;
    readonly dualStack: boolean;
    /** ARN of the role that the server assumes before those of Pods. */
    readonly assumedRoleArn: string | undefined;
    /** Calls a second. */
    readonly rate: number;
    readonly burst: number;
  };
  readonly containerCredentials: {
    /** Of Pods' ServiceAccount tokens. */
    readonly audience: string;
    /** Accepted besides those that the API server names. */
    readonly issuers: readonly string[];
  };
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'text' };
}

type Values = FlagValues<typeof serverFlags>;

/** `namespace`: the server's own, '' if unknown. */
export function toConfig(values: Values, namespace: string): ServerConfig {
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
    containerCredentials: Object.freeze({
      audience: values['container-credentials-audience'],
      issuers: values['service-account-issuer'],
    }),
    log: Object.freeze({ level: values['log-level'], format: values['log-format'] }),
  });
}

/** Undefined: the server uses its own authority. */
function toTls({ cert, key, ca }: Values): ServerConfig['tls'] {
  if (cert === undefined || key === undefined || ca === undefined) return undefined;
  return Object.freeze({ certFile: cert, keyFile: key, caFile: ca });
}

/** The names default to those of the charts' Service. */
function toAuthority(values: Values, namespace: string): ServerConfig['authority'] {
  const [name = '', elsewhere = namespace] = values['authority-secret'].split('/').reverse();
  const service = 'rolegate-server';
  const inNamespace = `${service}.${namespace}`;
  const names = [service, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`];
  const given = values['server-name'];
  return Object.freeze({
    namespace: elsewhere,
    name,
    ageMs: values['authority-age'],
    serverNames: given.length > 0 ? given : Object.freeze(namespace === '' ? [service] : names),
  });
}

/** Whose Pods are accepted as agents. */
function toAgents(values: Values, namespace: string): ServerConfig['agents'] {
  const given = values['agent-service-account'];
  const usual = namespace === '' ? [] : [`${namespace}/rolegate-agent`];
  return Object.freeze({
    identity: values['agent-identity'],
    serviceAccounts: given.length > 0 ? given : Object.freeze(usual),
    daemonSets: values['agent-daemonset'],
    startupTaints: values['startup-taint'],
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

function toRoles(values: Values): ServerConfig['roles'] {
  const assumed = assumedRoleArn(values);
  return Object.freeze({
    // By default Pods' roles are in the account of that role, so nothing needs to be detected.
    baseArn: values['role-base-arn'] ?? (assumed && accountBaseArn(assumed)),
    ceilings: values['role-ceiling'],
    namespacePolicy: values['namespace-policy'],
    defaultRole: values['default-role'],
  });
}

function toSts(values: Values): ServerConfig['sts'] {
  return Object.freeze({
    // With --sts-endpoint the region is only used for the signature.
    region: values.region ?? 'us-east-1',
    endpoint: values['sts-endpoint'],
    fips: values['sts-fips'],
    dualStack: values['sts-dualstack'],
    assumedRoleArn: assumedRoleArn(values),
    rate: values['sts-rate'],
    burst: values['sts-burst'],
  });
}
