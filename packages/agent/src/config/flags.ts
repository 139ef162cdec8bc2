import type { Flag, ValueKind } from '@rolegate/runtime';
import {
  callAddress,
  duration,
  hostName,
  integer,
  list,
  listenAddress,
  needed,
  oneOf,
  optional,
  path,
  setting,
  text,
  url,
} from '@rolegate/runtime';
import { metadataGroups } from '@rolegate/protocol';
import { defaultLimits } from '../metadata/http-limits.ts';
import { METADATA, NODE, OPERATION, sharedFlags } from './shared-flags.ts';
import { STATUS_SOCKET } from './status-socket.ts';
import { parseAllowPaths } from '../node-imds/allow-path.ts';

/** No SDK waits longer for the metadata API by its defaults. Milliseconds. */
const LONGEST_HOLD_MS = 60_000;

/** Each connection takes a descriptor and some kilobytes. */
const MOST_PLACES = 65_536;

const nodeName = text('NAME', {
  pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  is: 'name of a Kubernetes node',
  hint: 'use spec.nodeName, lower-case letters, digits, dots and dashes',
});
const allowPath: ValueKind<string> = {
  placeholder: 'REGEXP',
  parse(given) {
    const parsed = parseAllowPaths([given]);
    return 'faults' in parsed ? { fault: parsed.faults.join('; ') } : { value: given };
  },
};

const SERVER = 'gRPC to the servers';
/** Where the chart mounts it. */
export const DEFAULT_TOKEN_FILE = '/var/run/secrets/rolegate/token';

/** The port at which servers issue first certificates (DESIGN.md 4.6). */
export const ATTEST_PORT = 9611;

/** Every flag of the agent (DESIGN.md 4.7), with what `--mode roles` needs. */
export const agentFlags = {
  'server-address': list(callAddress, {
    group: SERVER,
    separator: 'comma',
    help: 'servers; a name may stand for several addresses, as that of a headless Service does',
    hint: 'give the headless Service of the servers, such as rolegate-server.kube-system:9610',
  }),
  'attest-address': list(callAddress, {
    group: SERVER,
    separator: 'comma',
    help:
      'where the servers give an agent without a certificate its first one; without it the hosts of --server-address, ' +
      `port ${ATTEST_PORT}; if nothing answers there, the agent asks at --server-address`,
  }),
  'server-name': optional(hostName, {
    group: SERVER,
    help: "name that the server's certificate must have; without it the host of --server-address",
  }),
  cert: optional(path(), {
    group: SERVER,
    help:
      'certificate of the agent, PEM, with the URI spiffe://DOMAIN/node/NODE; read again when it changes; without it and ' +
      '--key the agent gets one from the server, for its token',
  }),
  key: optional(path(), { group: SERVER, help: 'its private key, PEM' }),
  'token-file': optional(path(), {
    group: SERVER,
    help:
      "the Pod's token with audience rolegate-server, which proves the node; read anew each time; " +
      `${DEFAULT_TOKEN_FILE} where there is no --cert; with --cert it goes with each call, if it is given`,
  }),
  ca: needed(path(), {
    group: SERVER,
    help: 'authorities that sign the certificates of servers, PEM; several may overlap; read again when they change',
    hint: 'give the PEM file of the authority',
  }),
  'node-name': needed(nodeName, {
    group: NODE,
    env: ['NODE_NAME'],
    help: 'name of the node, as spec.nodeName has it',
    hint: 'set it from spec.nodeName by the downward API',
  }),
  'host-ip': sharedFlags['host-ip'],
  'cni-cache-dir': sharedFlags['cni-cache-dir'],
  'cni-socket': optional(path('SOCKET'), {
    group: NODE,
    help: 'unix socket of rolegate-agent reconcile, which reads the CNI results for the agent: in the place of --cni-cache-dir',
  }),
  'stale-ip': setting(duration({ maxMs: 12 * 3_600_000 }), {
    group: NODE,
    fallback: '5m',
    help: 'without CNI results and without a server: how long an IP is still answered',
  }),
  mode: setting(oneOf(['roles', 'firewall']), {
    group: METADATA,
    fallback: 'roles',
    help:
      'roles: Pods get their roles; firewall: all Pods are refused, but for what --metadata-groups and --allow-path ' +
      'open, and no server is needed',
  }),
  port: sharedFlags.port,
  'imds-endpoint': setting(url(['http']), {
    group: METADATA,
    fallback: 'http://169.254.169.254',
    help: "the node's own metadata API",
  }),
  imdsv1: setting(oneOf(['allow', 'audit', 'deny']), {
    group: METADATA,
    fallback: 'audit',
    help: 'requests without a token: served; served and counted; refused',
  }),
  hold: setting(duration({ maxMs: LONGEST_HOLD_MS }), {
    group: METADATA,
    fallback: '850ms',
    help: 'how long a request waits for a Pod or credentials that are not known yet',
  }),
  'hold-go': setting(duration({ maxMs: LONGEST_HOLD_MS }), {
    group: METADATA,
    fallback: '400ms',
    help: 'the same for the AWS SDK for Go, which gives up earlier',
  }),
  'hold-patient': setting(duration({ maxMs: LONGEST_HOLD_MS }), {
    group: METADATA,
    fallback: '4s',
    help:
      'the same for clients that are known to wait longer (docs/metadata.md): 80 % of what they wait, at most this; ' +
      'if it is not above --hold, they are held as all others',
  }),
  'connections-per-pod': setting(integer({ min: 16, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.connectionsPerPod),
    help: 'open connections of one Pod; the one that has been idle for the longest makes room for a new one',
  }),
  'waiting-per-pod': setting(integer({ min: 16, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.waitingPerPod),
    help: 'requests of one Pod that wait for an answer',
  }),
  connections: setting(integer({ min: 256, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.connections),
    help: 'open connections of all Pods; the Pod that has the most makes room',
  }),
  waiting: setting(integer({ min: 256, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.waiting),
    help: 'requests of all Pods that wait for an answer; the Pod that has the most makes room',
  }),
  'metadata-groups': list(oneOf([...metadataGroups, 'none']), {
    group: METADATA,
    separator: 'comma',
    fallback: ['placement'],
    help: `groups of other metadata that Pods may read: ${metadataGroups.join(', ')}; or none`,
  }),
  'allow-path': list(allowPath, {
    group: METADATA,
    separator: 'line',
    help:
      'further path that Pods may read, as an RE2 expression that matches it whole, /latest/ included; ' +
      "never the node's own credentials",
  }),
  'metadata-host': list(hostName, {
    group: METADATA,
    separator: 'comma',
    help: 'further name that the Host header may have',
  }),
  'prometheus-listen-addr': setting(listenAddress, {
    group: OPERATION,
    fallback: '0.0.0.0:9621',
    help: 'address of /metrics, /livez and /readyz',
  }),
  'probe-bind': setting(listenAddress, {
    group: OPERATION,
    fallback: '127.0.0.1:9622',
    help: "address of /livez for kubelet's probe, on loopback, with limits of its own; agents of one user share it",
  }),
  'state-dir': optional(path('DIR'), {
    group: OPERATION,
    help:
      "what must outlive the agent's process: keys, table and credentials; a directory in memory (emptyDir, medium: Memory), " +
      'of this node alone; without it a restarted agent begins anew',
  }),
  'status-socket': optional(path('SOCKET'), {
    group: OPERATION,
    help: `unix socket for rolegate-agent status and log-level; without it ${STATUS_SOCKET}, where that can be made`,
  }),
  'log-level': sharedFlags['log-level'],
  'log-format': sharedFlags['log-format'],
};

/** The flags that speak of servers. */
export const serverFlags = [
  'server-address',
  'attest-address',
  'server-name',
  'cert',
  'key',
  'token-file',
  'ca',
] as const;

/** The same flags with what `--mode firewall` needs: no server. */
export const firewallFlags = {
  ...agentFlags,
  'server-address': needless(agentFlags['server-address']),
  ca: needless(agentFlags.ca),
};

function needless<Value>(flag: Flag<Value>): Flag<Value | undefined> {
  return { ...flag, required: false, absent: () => ({ value: undefined }) };
}
