import type { LegacyFlags } from '@rolegate/runtime';
import { accepted, ignored, legacyLogFlags, refused } from '@rolegate/runtime';

const KIAM = ['kiam'];
const KUBE2IAM = ['kube2iam'];
const BOTH = ['kiam', 'kube2iam'];
const KEEPALIVE = 'keepalive is fixed at 10 s with a 3 s timeout';
const OF_AGENT = 'this is a flag of rolegate-agent';
const METRICS = 'metrics are served on --prometheus-listen-addr';
const CONNECTION_AGE = 'feeds and their connections end after --stream-age';
const FIXED_KEY = 'the annotation key is fixed';

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
    why: 'the default if --role-base-arn is not set',
  }),
  region: accepted(KIAM, 'required: the global endpoint is not used'),
  'assume-role-arn': accepted(KIAM, 'a name without an account needs --role-base-arn'),
  'session-duration': accepted(KIAM, '15m is treated as 1h, with a warning'),
  'prometheus-listen-addr': accepted(KIAM, 'enabled by default'),
  ...legacyLogFlags(KIAM),
  session: ignored(KIAM, 'sessions are named by --session-name-template'),
  'session-refresh': ignored(KIAM, 'credentials are renewed at 40 to 48 % of their lifetime'),
  sync: ignored(KIAM, 'the server watches the API server and needs no resync'),
  fetchers: ignored(KIAM, 'STS calls are limited by --sts-rate and --sts-burst'),
  'prefetch-buffer-size': ignored(KIAM, 'there is no prefetch buffer'),
  'disable-strict-namespace-regexp': refused(KIAM, {
    isSwitch: true,
    why: 'expressions always match the whole role; append .* to match a prefix',
  }),
  'strict-namespace-regexp': ignored(KIAM, {
    isSwitch: true,
    why: 'expressions always match the whole role',
  }),
  'grpc-keepalive-time-duration': ignored(KIAM, KEEPALIVE),
  'grpc-keepalive-timeout-duration': ignored(KIAM, KEEPALIVE),
  'grpc-max-connection-idle-duration': ignored(KIAM, CONNECTION_AGE),
  'grpc-max-connection-age-duration': ignored(KIAM, CONNECTION_AGE),
  'grpc-max-connection-age-grace-duration': ignored(KIAM, CONNECTION_AGE),
  'prometheus-sync-interval': ignored(KIAM, 'metrics are collected on each scrape'),
  'pprof-listen-addr': ignored(KIAM, 'there is no pprof endpoint'),
  statsd: ignored(KIAM, METRICS),
  'statsd-prefix': ignored(KIAM, METRICS),
  'statsd-interval': ignored(KIAM, METRICS),

  'base-role-arn': accepted(KUBE2IAM, { as: 'role-base-arn', why: '' }),
  'auto-discover-base-arn': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'the default if --role-base-arn is not set',
  }),
  'default-role': accepted(KUBE2IAM, 'it must be permitted like any other role'),
  'namespace-restrictions': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'always on',
    off: 'Namespace restrictions are always on; use --namespace-policy audit during a migration',
  }),
  'use-regional-sts-endpoint': accepted(KUBE2IAM, { isSwitch: true, why: 'always on' }),
  'resolve-duplicate-cache-ips': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'always on: Pods are identified by UID',
  }),
  'log-level': accepted(KUBE2IAM, ''),
  'log-format': accepted(KUBE2IAM, "kube2iam's default was text"),
  verbose: accepted(KUBE2IAM, {
    as: 'log-level',
    isSwitch: true,
    harmless: ['false'],
    translate: () => 'debug',
    why: 'the level is debug',
  }),
  'auto-discover-default-role': refused(KUBE2IAM, {
    isSwitch: true,
    why: "Pods never get the node's own role; set --default-role",
  }),
  'api-server': refused(KUBE2IAM, 'put the address into the file of --kubeconfig'),
  'api-token': refused(KUBE2IAM, 'put the token into the file of --kubeconfig'),
  insecure: refused(KUBE2IAM, {
    isSwitch: true,
    why: 'put the CA certificate into the file of --kubeconfig',
  }),
  'iam-role-key': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/role'], why: FIXED_KEY }),
  'iam-external-id': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/external-id'], why: FIXED_KEY }),
  'namespace-key': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/allowed-roles'], why: FIXED_KEY }),
  'namespace-restriction-format': refused(KUBE2IAM, {
    harmless: ['glob'],
    why: 'iam.amazonaws.com/allowed-roles holds globs; put regular expressions into iam.amazonaws.com/permitted',
  }),
  'iam-role-session-ttl': ignored(KUBE2IAM, 'the lifetime of credentials is --session-duration'),
  'iam-role-error-ttl': ignored(KUBE2IAM, 'how long an error is remembered depends on its class'),
  'cache-resync-period': ignored(KUBE2IAM, 'the server watches the API server and needs no resync'),
  'backoff-max-elapsed-time': ignored(
    KUBE2IAM,
    'not needed: the server learns about Pods before they send requests',
  ),
  'backoff-max-interval': ignored(
    KUBE2IAM,
    'not needed: the server learns about Pods before they send requests',
  ),
  debug: ignored(KUBE2IAM, { isSwitch: true, why: 'there is no debug page; use --log-level debug' }),
  'app-port': refused(KUBE2IAM, OF_AGENT),
  'metrics-port': refused(KUBE2IAM, 'use --prometheus-listen-addr'),
  iptables: refused(KUBE2IAM, { isSwitch: true, why: 'rolegate-agent intercept installs the rules' }),
  'host-interface': refused(KUBE2IAM, OF_AGENT),
  'host-ip': refused(KUBE2IAM, OF_AGENT),
  node: refused(KUBE2IAM, 'the server serves all nodes; an agent has --node-name'),
  'metadata-addr': refused(KUBE2IAM, 'use --imds-endpoint of rolegate-agent'),
};
