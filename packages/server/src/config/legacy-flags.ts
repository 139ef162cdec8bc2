import type { LegacyFlags } from '@rolegate/runtime';
import { accepted, ignored, legacyLogFlags, refused } from '@rolegate/runtime';

const KIAM = ['kiam'];
const KUBE2IAM = ['kube2iam'];
const BOTH = ['kiam', 'kube2iam'];
const KEEPALIVE = 'keepalive is fixed at 10 s and 3 s';
const OF_AGENT = 'it is a flag of rolegate-agent';
const METRICS = 'metrics are read from --prometheus-listen-addr';
const CONNECTION_AGE = 'streams end after --stream-age, connections with them';
const FIXED_KEY = 'the key of the annotation is fixed';

/** Flags of kiam's server and of kube2iam. */
export const serverLegacyFlags: LegacyFlags = {
  bind: accepted(KIAM, "kiam's default was localhost:9610"),
  cert: accepted(KIAM, ''),
  key: accepted(KIAM, ''),
  ca: accepted(KIAM, ''),
  kubeconfig: accepted(BOTH, ''),
  'role-base-arn': accepted(KIAM, ''),
  'role-base-arn-autodetect': accepted(KIAM, {
    isSwitch: true,
    why: 'the same as leaving --role-base-arn out',
  }),
  region: accepted(KIAM, 'needed here: the global endpoint is not used'),
  'assume-role-arn': accepted(
    KIAM,
    'a name alone needs --role-base-arn; its account is that of the base ARN',
  ),
  'session-duration': accepted(KIAM, '15m is read as 1h, with a warning'),
  'prometheus-listen-addr': accepted(KIAM, 'on here unless it is moved'),
  ...legacyLogFlags(KIAM),
  session: ignored(KIAM, 'sessions are named by --session-name-template'),
  'session-refresh': ignored(KIAM, 'credentials are renewed when 40 to 48 % of their life has passed'),
  sync: ignored(KIAM, 'the API server is watched; nothing is delivered a second time'),
  fetchers: ignored(KIAM, 'calls to STS are bounded by --sts-rate and --sts-burst'),
  'prefetch-buffer-size': ignored(KIAM, 'there is no such buffer'),
  'disable-strict-namespace-regexp': refused(KIAM, {
    isSwitch: true,
    why: 'the expression of a Namespace is matched whole; write .* where it may go on',
  }),
  'grpc-keepalive-time-duration': ignored(KIAM, KEEPALIVE),
  'grpc-keepalive-timeout-duration': ignored(KIAM, KEEPALIVE),
  'grpc-max-connection-idle-duration': ignored(KIAM, CONNECTION_AGE),
  'grpc-max-connection-age-duration': ignored(KIAM, CONNECTION_AGE),
  'grpc-max-connection-age-grace-duration': ignored(KIAM, CONNECTION_AGE),
  'prometheus-sync-interval': ignored(KIAM, 'metrics are made when they are read'),
  'pprof-listen-addr': ignored(KIAM, 'there is no profile of Go here'),
  statsd: ignored(KIAM, METRICS),
  'statsd-prefix': ignored(KIAM, METRICS),
  'statsd-interval': ignored(KIAM, METRICS),

  'base-role-arn': accepted(KUBE2IAM, { as: 'role-base-arn', why: '' }),
  'auto-discover-base-arn': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'the same as leaving --role-base-arn out',
  }),
  'default-role': accepted(KUBE2IAM, 'here it must be permitted like any other'),
  'namespace-restrictions': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'Namespaces always restrict here',
    off: 'Namespaces always restrict here; for a time of change use --namespace-policy audit',
  }),
  'use-regional-sts-endpoint': accepted(KUBE2IAM, { isSwitch: true, why: 'always so' }),
  'resolve-duplicate-cache-ips': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'always so: Pods are known by UID',
  }),
  'log-level': accepted(KUBE2IAM, ''),
  'log-format': accepted(KUBE2IAM, "kube2iam's default was text"),
  verbose: accepted(KUBE2IAM, {
    as: 'log-level',
    isSwitch: true,
    harmless: ['false'],
    translate: () => 'debug',
    why: 'to debug',
  }),
  'auto-discover-default-role': refused(KUBE2IAM, {
    isSwitch: true,
    why: "a node's own role is never given to Pods; name one by --default-role",
  }),
  'api-server': refused(KUBE2IAM, 'put the address into a file for --kubeconfig'),
  'api-token': refused(KUBE2IAM, 'put the token into a file for --kubeconfig'),
  insecure: refused(KUBE2IAM, { isSwitch: true, why: 'name the authority in a file for --kubeconfig' }),
  'iam-role-key': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/role'], why: FIXED_KEY }),
  'iam-external-id': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/external-id'], why: FIXED_KEY }),
  'namespace-key': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/allowed-roles'], why: FIXED_KEY }),
  'namespace-restriction-format': refused(KUBE2IAM, {
    harmless: ['glob'],
    why: 'iam.amazonaws.com/allowed-roles holds globs; put an expression into iam.amazonaws.com/permitted',
  }),
  'iam-role-session-ttl': ignored(KUBE2IAM, 'credentials live for --session-duration'),
  'iam-role-error-ttl': ignored(KUBE2IAM, 'errors are remembered as long as their class says'),
  'cache-resync-period': ignored(KUBE2IAM, 'the API server is watched; nothing is delivered a second time'),
  'backoff-max-elapsed-time': ignored(KUBE2IAM, 'the server learns of Pods before they ask'),
  'backoff-max-interval': ignored(KUBE2IAM, 'the server learns of Pods before they ask'),
  debug: ignored(KUBE2IAM, { isSwitch: true, why: 'there is no such page; see --log-level debug' }),
  'app-port': refused(KUBE2IAM, OF_AGENT),
  'metrics-port': refused(KUBE2IAM, 'use --prometheus-listen-addr'),
  iptables: refused(KUBE2IAM, { isSwitch: true, why: OF_AGENT }),
  'host-interface': refused(KUBE2IAM, OF_AGENT),
  'host-ip': refused(KUBE2IAM, OF_AGENT),
  node: refused(KUBE2IAM, 'the server serves all nodes; an agent has --node-name'),
  'metadata-addr': refused(KUBE2IAM, 'it is --imds-endpoint of rolegate-agent'),
};
