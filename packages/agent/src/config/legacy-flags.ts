import type { LegacyFlags } from '@rolegate/runtime';
import { accepted, ignored, legacyLogFlags, refused } from '@rolegate/runtime';

const KIAM = ['kiam'];
const KUBE2IAM = ['kube2iam'];
const BOTH = ['kiam', 'kube2iam'];
const OTHER_PROGRAMS = ['rolegate-agent intercept and rolegate-agent reconcile'];
const KEEPALIVE = 'keepalive is fixed at 10 s with a 3 s timeout';
const OF_SERVER = 'this is a flag of rolegate-server';
const NO_API = 'the agent does not talk to the API server; rolegate-server has --kubeconfig';
const FIXED_KEY = 'the annotation key is fixed';
const METRICS = 'metrics are served on --prometheus-listen-addr';
const RULES =
  'rolegate-agent intercept installs the rules and rolegate-agent reconcile repairs them; give the flag to these';
const RULES_INSTALLED =
  'rolegate-agent intercept installs the rules and rolegate-agent reconcile repairs them';
const RULES_REMAIN = 'the rules remain when an agent stops; rolegate-agent uninstall removes them';
const GROUPS =
  'use --metadata-groups for groups and --allow-path for other paths (must match the whole path)';
const HOLDS = 'a request is held for up to --hold and answered as soon as the Pod is known';

/** Flags of kiam's agent, of kube2iam and of Rolegate's other programs. */
export const agentLegacyFlags: LegacyFlags = {
  port: accepted(KIAM, "kiam's default was 3100"),
  host: accepted(KIAM, { as: 'host-ip', why: '' }),
  cert: accepted(KIAM, 'without --cert and --key the agent gets a certificate from the server'),
  key: accepted(KIAM, ''),
  ca: accepted(KIAM, ''),
  'server-address': accepted(KIAM, 'required'),
  'prometheus-listen-addr': accepted(KIAM, 'enabled by default'),
  ...legacyLogFlags(KIAM),
  iptables: ignored(BOTH, { isSwitch: true, why: RULES_INSTALLED }),
  'iptables-remove': ignored(KIAM, { isSwitch: true, why: RULES_REMAIN }),
  'host-interface': ignored(BOTH, RULES),
  'allow-route-regexp': refused(KIAM, { harmless: ['^$'], why: GROUPS }),
  'whitelist-route-regexp': refused(KIAM, { harmless: ['^$'], why: GROUPS }),
  'allow-ip-query': refused(KIAM, {
    isSwitch: true,
    why: "a Pod's address is always that of its connection",
  }),
  'server-address-refresh': ignored(KIAM, 'names are resolved again when the connection to a server is lost'),
  'gateway-timeout-creation': ignored(KIAM, 'the agent starts without a server and keeps trying'),
  'grpc-keepalive-time-duration': ignored(KIAM, KEEPALIVE),
  'grpc-keepalive-timeout-duration': ignored(KIAM, KEEPALIVE),
  'grpc-keepalive-permit-without-stream': ignored(KIAM, { isSwitch: true, why: KEEPALIVE }),
  'prometheus-sync-interval': ignored(KIAM, 'metrics are collected on each scrape'),
  'pprof-listen-addr': ignored(KIAM, 'there is no pprof endpoint'),
  timeout: refused(KIAM, 'there is no health command; probe /livez of --probe-bind'),
  statsd: ignored(KIAM, METRICS),
  'statsd-prefix': ignored(KIAM, METRICS),
  'statsd-interval': ignored(KIAM, METRICS),

  'app-port': accepted(KUBE2IAM, { as: 'port', why: '' }),
  'host-ip': accepted(KUBE2IAM, 'required'),
  node: accepted(KUBE2IAM, { as: 'node-name', why: '' }),
  'metrics-port': accepted(KUBE2IAM, {
    as: 'prometheus-listen-addr',
    translate: (port) => `0.0.0.0:${port}`,
    why: 'on all addresses; must differ from --port',
  }),
  'metadata-addr': accepted(KUBE2IAM, {
    as: 'imds-endpoint',
    translate: (address) => `http://${address}`,
    why: '',
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
  'resolve-duplicate-cache-ips': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'always on: Pods are identified by UID',
  }),
  'use-regional-sts-endpoint': accepted(KUBE2IAM, { isSwitch: true, why: 'always on, in rolegate-server' }),
  debug: ignored(KUBE2IAM, { isSwitch: true, why: 'there is no debug page; use --log-level debug' }),
  'backoff-max-elapsed-time': ignored(KUBE2IAM, HOLDS),
  'backoff-max-interval': ignored(KUBE2IAM, HOLDS),
  'cache-resync-period': ignored(KUBE2IAM, 'rolegate-server watches the API server and needs no resync'),
  'iam-role-session-ttl': ignored(KUBE2IAM, 'use --session-duration of rolegate-server'),
  'iam-role-error-ttl': ignored(
    KUBE2IAM,
    'in rolegate-server, how long an error is remembered depends on its class',
  ),
  'base-role-arn': refused(KUBE2IAM, 'use --role-base-arn of rolegate-server'),
  'auto-discover-base-arn': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'the default in rolegate-server if --role-base-arn is not set',
  }),
  'default-role': refused(KUBE2IAM, OF_SERVER),
  'auto-discover-default-role': refused(KUBE2IAM, {
    isSwitch: true,
    why: "Pods never get the node's own role; use --default-role of rolegate-server",
  }),
  'namespace-restrictions': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'always on',
    off: 'Namespaces always restrict roles; see --namespace-policy of rolegate-server',
  }),
  'namespace-restriction-format': refused(KUBE2IAM, {
    harmless: ['glob'],
    why: 'iam.amazonaws.com/allowed-roles holds globs; put regular expressions into iam.amazonaws.com/permitted',
  }),
  'namespace-key': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/allowed-roles'], why: FIXED_KEY }),
  'iam-role-key': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/role'], why: FIXED_KEY }),
  'iam-external-id': refused(KUBE2IAM, { harmless: ['iam.amazonaws.com/external-id'], why: FIXED_KEY }),
  kubeconfig: refused(KUBE2IAM, NO_API),
  'api-server': refused(KUBE2IAM, NO_API),
  'api-token': refused(KUBE2IAM, NO_API),
  insecure: refused(KUBE2IAM, { isSwitch: true, why: NO_API }),

  'exclude-interface': ignored(OTHER_PROGRAMS, RULES),
};
