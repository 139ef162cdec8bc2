import type { LegacyFlags } from '@rolegate/runtime';
import { accepted, ignored, legacyLogFlags, refused } from '@rolegate/runtime';

const KIAM = ['kiam'];
const KUBE2IAM = ['kube2iam'];
const BOTH = ['kiam', 'kube2iam'];
const OTHER_PROGRAMS = ['rolegate-agent intercept and rolegate-agent reconcile'];
const KEEPALIVE = 'keepalive is fixed at 10 s and 3 s';
const OF_SERVER = 'it is a flag of rolegate-server';
const NO_API = 'the agent does not talk to the API server; rolegate-server has --kubeconfig';
const FIXED_KEY = 'the key of the annotation is fixed';
const METRICS = 'metrics are read from --prometheus-listen-addr';
const RULES =
  'the rules are laid by rolegate-agent intercept and kept by rolegate-agent reconcile; give it to these';
const RULES_LAID = 'the rules are laid by rolegate-agent intercept and kept by rolegate-agent reconcile';
const RULES_STAY = 'the rules stay when an agent stops; rolegate-agent uninstall removes them';
const GROUPS = 'open groups by --metadata-groups, further paths by --allow-path (matched whole)';
const HOLDS = 'a request is held for --hold, and answered the moment the Pod is known';

/** Flags of kiam's agent, of kube2iam, and of our other programs. */
export const agentLegacyFlags: LegacyFlags = {
  port: accepted(KIAM, "kiam's default was 3100"),
  host: accepted(KIAM, { as: 'host-ip', why: '' }),
  cert: accepted(KIAM, 'without it and --key the agent gets a certificate from the server'),
  key: accepted(KIAM, ''),
  ca: accepted(KIAM, ''),
  'server-address': accepted(KIAM, 'needed here'),
  'prometheus-listen-addr': accepted(KIAM, 'on here unless it is moved'),
  ...legacyLogFlags(KIAM),
  iptables: ignored(BOTH, { isSwitch: true, why: RULES_LAID }),
  'iptables-remove': ignored(KIAM, { isSwitch: true, why: RULES_STAY }),
  'host-interface': ignored(BOTH, RULES),
  'allow-route-regexp': refused(KIAM, { harmless: ['^$'], why: GROUPS }),
  'whitelist-route-regexp': refused(KIAM, { harmless: ['^$'], why: GROUPS }),
  'allow-ip-query': refused(KIAM, {
    isSwitch: true,
    why: "a Pod's address is that of its connection, never what it says",
  }),
  'server-address-refresh': ignored(KIAM, 'names are looked up again when a server is lost'),
  'gateway-timeout-creation': ignored(KIAM, 'the agent starts without a server, and goes on trying'),
  'grpc-keepalive-time-duration': ignored(KIAM, KEEPALIVE),
  'grpc-keepalive-timeout-duration': ignored(KIAM, KEEPALIVE),
  'grpc-keepalive-permit-without-stream': ignored(KIAM, { isSwitch: true, why: KEEPALIVE }),
  'prometheus-sync-interval': ignored(KIAM, 'metrics are made when they are read'),
  'pprof-listen-addr': ignored(KIAM, 'there is no profile of Go here'),
  timeout: refused(KIAM, 'there is no health command; probe /livez of --probe-bind'),
  statsd: ignored(KIAM, METRICS),
  'statsd-prefix': ignored(KIAM, METRICS),
  'statsd-interval': ignored(KIAM, METRICS),

  'app-port': accepted(KUBE2IAM, { as: 'port', why: '' }),
  'host-ip': accepted(KUBE2IAM, 'needed here'),
  node: accepted(KUBE2IAM, { as: 'node-name', why: '' }),
  'metrics-port': accepted(KUBE2IAM, {
    as: 'prometheus-listen-addr',
    translate: (port) => `0.0.0.0:${port}`,
    why: 'on every address; it cannot be the port on which Pods are served',
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
    why: 'to debug',
  }),
  'resolve-duplicate-cache-ips': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'always so: Pods are known by UID',
  }),
  'use-regional-sts-endpoint': accepted(KUBE2IAM, { isSwitch: true, why: 'always so, in rolegate-server' }),
  debug: ignored(KUBE2IAM, { isSwitch: true, why: 'there is no such page; see --log-level debug' }),
  'backoff-max-elapsed-time': ignored(KUBE2IAM, HOLDS),
  'backoff-max-interval': ignored(KUBE2IAM, HOLDS),
  'cache-resync-period': ignored(KUBE2IAM, 'the API server is watched by rolegate-server, without a break'),
  'iam-role-session-ttl': ignored(KUBE2IAM, 'it is --session-duration of rolegate-server'),
  'iam-role-error-ttl': ignored(
    KUBE2IAM,
    'errors are remembered by rolegate-server as long as their class says',
  ),
  'base-role-arn': refused(KUBE2IAM, 'it is --role-base-arn of rolegate-server'),
  'auto-discover-base-arn': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'so in rolegate-server, unless it has --role-base-arn',
  }),
  'default-role': refused(KUBE2IAM, OF_SERVER),
  'auto-discover-default-role': refused(KUBE2IAM, {
    isSwitch: true,
    why: "a node's own role is never given to Pods; name one by --default-role of rolegate-server",
  }),
  'namespace-restrictions': accepted(KUBE2IAM, {
    isSwitch: true,
    why: 'Namespaces always restrict here',
    off: 'Namespaces always restrict here; see --namespace-policy of rolegate-server',
  }),
  'namespace-restriction-format': refused(KUBE2IAM, {
    harmless: ['glob'],
    why: 'iam.amazonaws.com/allowed-roles holds globs; put an expression into iam.amazonaws.com/permitted',
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
