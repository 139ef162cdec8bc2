import type { ValueKind } from '@rolegate/runtime';
import {
  duration,
  hostName,
  integer,
  list,
  listenAddress,
  logLevels,
  oneOf,
  optional,
  pair,
  path,
  setting,
  text,
  toggle,
  url,
} from '@rolegate/runtime';
import { parseRole, parseRoleBaseArn } from './policy/role-arn.ts';

/** STS takes 900 s to 12 h (API reference, AssumeRole). Milliseconds. */
const SHORTEST_SESSION_MS = 15 * 60_000;
const LONGEST_SESSION_MS = 12 * 3_600_000;

/** Its successor is trusted for a day before it signs, and it for a day after. Milliseconds. */
const SHORTEST_AUTHORITY_MS = 7 * 24 * 3_600_000;
const LONGEST_AUTHORITY_MS = 20 * 365 * 24 * 3_600_000;

const region = text('REGION', {
  pattern: /^[a-z]{2,8}(-[a-z0-9]{1,16}){2,5}$/,
  is: 'region',
  hint: 'write it as eu-central-1',
});
const trustDomain = text('DOMAIN', {
  pattern: /^[a-z0-9._-]{1,255}$/,
  is: 'trust domain',
  hint: 'use lower-case letters, digits, dots, dashes and underscores (SPIFFE ID, 2.1)',
});
/** Kubernetes: a DNS label, and a DNS subdomain. */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SUBDOMAIN = `(?=[^/]{1,253}$)${LABEL}(?:\\.${LABEL})*`;
const namespace = text('NAMESPACE', {
  pattern: new RegExp(`^${LABEL}$`),
  is: 'name of a Namespace',
  hint: 'write it as kubectl get namespaces shows it',
});
const secret = text('[NAMESPACE/]NAME', {
  pattern: new RegExp(`^(?:${LABEL}/)?${SUBDOMAIN}$`),
  is: 'name of a Secret',
  hint: 'write it as rolegate-authority or rolegate/rolegate-authority',
});
const serviceAccount = text('NAMESPACE/NAME', {
  pattern: new RegExp(`^${LABEL}/${SUBDOMAIN}$`),
  is: 'ServiceAccount',
  hint: 'write it as rolegate/rolegate-agent',
});
const daemonSet = text('NAME', {
  pattern: new RegExp(`^${SUBDOMAIN}$`),
  is: 'name of a DaemonSet',
  hint: 'write it without its Namespace, as rolegate-agent',
});
const roleBaseArn = judged('ARN', parseRoleBaseArn);
const role: ValueKind<string> = {
  placeholder: 'ROLE',
  parse(given) {
    const parsed = judged('ROLE', parseRole).parse(given);
    return 'fault' in parsed ? parsed : { value: given };
  },
};

const GRPC = 'gRPC to the agents';
const AGENTS = 'Agents';
const ROLES = 'Roles';
const SESSIONS = 'Sessions';
const STS = 'STS';
const CLUSTER = 'Cluster';
const OPERATION = 'Operation';

/** Every flag of the server (DESIGN.md 4.7). */
export const serverFlags = {
  bind: setting(listenAddress, {
    group: GRPC,
    fallback: '0.0.0.0:9610',
    help: 'address on which agents are served; [::]:9610 for IPv6 and IPv4',
  }),
  cert: optional(path(), {
    group: GRPC,
    help:
      'certificate of the server, PEM; read again when it changes; ' +
      'without --cert, --key and --ca the server is its own authority',
  }),
  key: optional(path(), { group: GRPC, help: 'its private key, PEM' }),
  ca: optional(path(), {
    group: GRPC,
    help: 'authorities that sign the certificates of agents, PEM; several may overlap',
  }),
  namespace: optional(namespace, {
    group: GRPC,
    env: ['POD_NAMESPACE'],
    help: "the server's own; without it that of its ServiceAccount",
  }),
  'authority-secret': setting(secret, {
    group: GRPC,
    fallback: 'rolegate-authority',
    help: "Secret of the server's own authority; a ConfigMap of the same name has its certificates",
  }),
  'authority-age': setting(duration({ minMs: SHORTEST_AUTHORITY_MS, maxMs: LONGEST_AUTHORITY_MS }), {
    group: GRPC,
    fallback: '8760h',
    help: 'life of an authority; the next one is prepared when two thirds of it have passed',
  }),
  'server-name': list(hostName, {
    group: GRPC,
    separator: 'comma',
    help:
      "DNS name in the server's own certificate; without it rolegate-server, alone and with " +
      '.NAMESPACE, .NAMESPACE.svc and .NAMESPACE.svc.cluster.local',
  }),
  'trust-domain': setting(trustDomain, {
    group: GRPC,
    fallback: 'rolegate',
    help: "of the URI spiffe://DOMAIN/node/NODE in an agent's certificate",
  }),
  'token-secret-file': optional(path(), {
    group: GRPC,
    help:
      'secret from which the keys of metadata tokens are derived, the same for every replica; ' +
      "without it the authority's; with --cert each server makes one up, and tokens of Pods end with it",
  }),
  'stream-age': setting(duration({ minMs: 1000, maxMs: 24 * 3_600_000 }), {
    group: GRPC,
    fallback: '30m',
    help: "an agent's stream ends after this time ± 20 %, so that agents spread over the replicas",
  }),
  'drain-timeout': setting(duration({ maxMs: 600_000 }), {
    group: GRPC,
    fallback: '10s',
    help: 'how long a stopping server waits for its streams to end',
  }),
  'agent-identity': setting(oneOf(['attested', 'shared']), {
    group: AGENTS,
    fallback: 'attested',
    help:
      'shared: an agent whose certificate names no node is of the node that it says; ' +
      'for the time of a change from kiam only: one stolen key then opens every role',
  }),
  'agent-service-account': list(serviceAccount, {
    group: AGENTS,
    separator: 'comma',
    help: 'ServiceAccount whose Pods may attest as agents; without it NAMESPACE/rolegate-agent',
  }),
  'agent-daemonset': list(daemonSet, {
    group: AGENTS,
    separator: 'comma',
    help: "DaemonSet whose Pods may; without it any in the ServiceAccount's Namespace",
  }),
  'role-base-arn': optional(roleBaseArn, {
    group: ROLES,
    help: "what stands before a role's path and name; without it it is detected from the server's own identity",
  }),
  'role-ceiling': list(text('GLOB'), {
    group: ROLES,
    separator: 'line',
    help:
      'glob on the whole role ARN; no Namespace can permit a role that fits none of them; ' +
      "without it the base ARN's account",
  }),
  'namespace-policy': setting(oneOf(['enforce', 'audit']), {
    group: ROLES,
    fallback: 'enforce',
    help: 'audit permits inside the ceiling, and logs and counts what enforce would refuse',
  }),
  'default-role': optional(role, {
    group: ROLES,
    help: 'role of Pods for which neither Pod, ServiceAccount nor Namespace names one; it too must be permitted',
  }),
  'session-scope': setting(oneOf(['pod', 'workload', 'role']), {
    group: SESSIONS,
    fallback: 'workload',
    help: 'who shares credentials: nobody; the Pods of one ServiceAccount; all Pods of one role',
  }),
  'session-duration': setting(duration({ minMs: SHORTEST_SESSION_MS, maxMs: LONGEST_SESSION_MS }), {
    group: SESSIONS,
    fallback: '1h',
    help: 'life of credentials, 50m to 1h; 15m is read as 1h',
  }),
  'allow-short-sessions': toggle({
    group: SESSIONS,
    help: 'take a --session-duration of 15m to 50m as it is',
  }),
  'session-name-template': optional(text('TEMPLATE'), {
    group: SESSIONS,
    help: 'role session name, over {cluster} {namespace} {serviceAccount} {pod} {uid} {node}',
  }),
  'source-identity-template': optional(text('TEMPLATE'), {
    group: SESSIONS,
    help: "source identity; the role's trust policy must allow sts:SetSourceIdentity",
  }),
  'session-tag': list(pair('KEY=TEMPLATE'), {
    group: SESSIONS,
    separator: 'line',
    help: "session tag; the role's trust policy must allow sts:TagSession",
  }),
  region: optional(region, {
    group: STS,
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    help: 'region whose STS is asked; needed unless --sts-endpoint is given',
  }),
  'sts-endpoint': optional(url(['https', 'http']), {
    group: STS,
    help: 'STS to ask instead of the one of the region, such as a VPC endpoint',
  }),
  'sts-rate': setting(integer({ min: 1, max: 100_000 }), {
    group: STS,
    fallback: '100',
    help: 'calls a second that this replica makes at most, in the long run',
  }),
  'sts-burst': setting(integer({ min: 1, max: 1_000_000 }), {
    group: STS,
    fallback: '500',
    help: 'calls that it may make at once after a pause',
  }),
  kubeconfig: optional(path(), {
    group: CLUSTER,
    help: 'kubeconfig for the API server; without it the ServiceAccount of the Pod',
  }),
  'cluster-name': optional(text('NAME'), { group: CLUSTER, help: 'what {cluster} stands for in templates' }),
  'prometheus-listen-addr': setting(listenAddress, {
    group: OPERATION,
    fallback: '0.0.0.0:9620',
    help: 'address of /metrics, /livez and /readyz',
  }),
  'log-level': setting(oneOf(logLevels, { warning: 'warn' }), {
    group: OPERATION,
    fallback: 'info',
    help: 'least level that is written',
  }),
  'log-format': setting(oneOf(['json', 'text']), {
    group: OPERATION,
    fallback: 'json',
    help: 'json: one object a line; text: for people',
  }),
};

/** A kind by a parser of the policy, whose faults are sentences without their subject. */
function judged<Value>(
  placeholder: string,
  judge: (given: string) => { readonly value: Value } | { readonly fault: string },
): ValueKind<Value> {
  return {
    placeholder,
    parse(given) {
      const parsed = judge(given);
      return 'fault' in parsed ? { fault: `the value ${parsed.fault}` } : parsed;
    },
  };
}
