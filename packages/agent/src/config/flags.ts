import type { Flag, ValueKind } from '@rolegate/runtime';
import {
  callAddress,
  duration,
  formatHostPort,
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
import { audienceFault, containerCredentials, metadataGroups } from '@rolegate/protocol';
import { defaultLimits } from '../pod-http/http-limits.ts';
import { CONTAINER_CREDENTIALS, METADATA, NODE, OPERATION, sharedFlags } from './shared-flags.ts';
import { STATUS_SOCKET } from './status-socket.ts';
import { parseAllowPaths } from '../node-imds/allow-path.ts';

/** By default no SDK waits longer for the metadata API. Milliseconds. */
const LONGEST_HOLD_MS = 60_000;

/** Each connection costs a file descriptor and some kilobytes. */
const MOST_PLACES = 65_536;

const nodeName = text('NAME', {
  pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  is: 'name of a Kubernetes Node',
  hint: 'use spec.nodeName, lower-case letters, digits, dots and dashes',
});
const allowPath: ValueKind<string> = {
  placeholder: 'REGEXP',
  parse(given) {
    const parsed = parseAllowPaths([given]);
    return 'faults' in parsed ? { fault: parsed.faults.join('; ') } : { value: given };
  },
};

const tokenAudience: ValueKind<string> = {
  placeholder: 'AUDIENCE',
  parse(given) {
    const why = audienceFault(given);
    return why === undefined
      ? { value: given }
      : { fault: `${JSON.stringify(given)} must not be used: ${why}; choose an audience of your own` };
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
    help: 'addresses of the servers; a name, such as that of a headless Service, can resolve to several',
    hint: 'give the headless Service of the servers, such as rolegate-server.kube-system:9610',
  }),
  'attest-address': list(callAddress, {
    group: SERVER,
    separator: 'comma',
    help:
      'addresses at which the servers issue first certificates; defaults to the hosts of --server-address with ' +
      `port ${ATTEST_PORT}; if none responds, the agent tries --server-address, port included`,
  }),
  'server-name': optional(hostName, {
    group: SERVER,
    help: "name that the server's certificate must have; defaults to the host of --server-address",
  }),
  cert: optional(path(), {
    group: SERVER,
    help:
      "the agent's certificate (PEM) with the URI spiffe://DOMAIN/node/NODE, reloaded when it changes; without --cert and " +
      '--key the agent requests a certificate from the server with its ServiceAccount token',
  }),
  key: optional(path(), { group: SERVER, help: 'private key of --cert (PEM)' }),
  'token-file': optional(path(), {
    group: SERVER,
    help:
      "ServiceAccount token of the agent's Pod with audience rolegate-server, which tells the server the node; read for each use; " +
      `defaults to ${DEFAULT_TOKEN_FILE} without --cert; optional with --cert, and then sent with each call`,
  }),
  ca: needed(path(), {
    group: SERVER,
    help: 'CA bundle that verifies the servers (PEM), reloaded when it changes',
    hint: 'give the PEM file of the certificate authority',
  }),
  'node-name': needed(nodeName, {
    group: NODE,
    env: ['NODE_NAME'],
    help: 'name of the Node, as in spec.nodeName',
    hint: 'set it from spec.nodeName with the downward API',
  }),
  'host-ip': sharedFlags['host-ip'],
  'cni-cache-dir': sharedFlags['cni-cache-dir'],
  'cni-socket': optional(path('SOCKET'), {
    group: NODE,
    help: 'unix socket of rolegate-agent reconcile, which reads the CNI results for the agent; replaces --cni-cache-dir',
  }),
  'stale-ip': setting(duration({ maxMs: 12 * 3_600_000 }), {
    group: NODE,
    fallback: '5m',
    help: 'how long requests from an IP are still accepted when neither CNI results nor a server confirm which Pod owns it',
  }),
  mode: setting(oneOf(['roles', 'firewall']), {
    group: METADATA,
    fallback: 'roles',
    help:
      'roles: Pods get their roles; firewall: refuses all Pods except for what --metadata-groups and --allow-path ' +
      'open, and needs no server',
  }),
  port: sharedFlags.port,
  'imds-endpoint': setting(url(['http']), {
    group: METADATA,
    fallback: 'http://169.254.169.254',
    help: "URL of the node's IMDS",
  }),
  imdsv1: setting(oneOf(['allow', 'audit', 'deny']), {
    group: METADATA,
    fallback: 'audit',
    help: 'requests without a metadata token (IMDSv1): allow serves them, audit serves and counts them, deny refuses them',
  }),
  hold: setting(duration({ maxMs: LONGEST_HOLD_MS }), {
    group: METADATA,
    fallback: '850ms',
    help: 'how long a request is held while its Pod or credentials are unknown',
  }),
  'hold-go': setting(duration({ maxMs: LONGEST_HOLD_MS }), {
    group: METADATA,
    fallback: '400ms',
    help: 'like --hold, for the AWS SDK for Go, which gives up earlier',
  }),
  'hold-patient': setting(duration({ maxMs: LONGEST_HOLD_MS }), {
    group: METADATA,
    fallback: '4s',
    help:
      "like --hold, for clients known to wait longer (docs/metadata.md): 80 % of the client's timeout, up to this value; " +
      'no effect unless greater than --hold',
  }),
  'connections-per-pod': setting(integer({ min: 16, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.connectionsPerPod),
    help: 'open connections per Pod; at the limit, the connection that has been idle longest is closed',
  }),
  'waiting-per-pod': setting(integer({ min: 16, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.waitingPerPod),
    help: 'requests per Pod that wait for an answer; more get 503',
  }),
  connections: setting(integer({ min: 256, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.connections),
    help: 'open connections of all Pods; at the limit, one of the Pod with the most is closed',
  }),
  waiting: setting(integer({ min: 256, max: MOST_PLACES }), {
    group: METADATA,
    fallback: String(defaultLimits.waiting),
    help: 'requests of all Pods that wait for an answer; at the limit, one of the Pod with the most gets 503',
  }),
  'metadata-groups': list(oneOf([...metadataGroups, 'none']), {
    group: METADATA,
    separator: 'comma',
    fallback: ['placement'],
    help: `groups of other metadata that Pods can read: ${metadataGroups.join(', ')}, or none`,
  }),
  'allow-path': list(allowPath, {
    group: METADATA,
    separator: 'line',
    help:
      'more paths that Pods can read: an RE2 expression that matches the whole path, including /latest/; ' +
      "never the node's own credentials",
  }),
  'metadata-host': list(hostName, {
    group: METADATA,
    separator: 'comma',
    help: 'additional host names accepted in the Host header',
  }),
  'container-credentials': sharedFlags['container-credentials'],
  'container-credentials-bind': list(listenAddress, {
    group: CONTAINER_CREDENTIALS,
    separator: 'comma',
    fallback: Object.values(containerCredentials.addresses).map((host) =>
      formatHostPort({ host, port: containerCredentials.port }),
    ),
    help: 'addresses for container credentials; SDKs accept no others but loopback',
  }),
  'container-credentials-audience': setting(tokenAudience, {
    group: CONTAINER_CREDENTIALS,
    fallback: containerCredentials.audience,
    help: 'the only audience that the ServiceAccount tokens of Pods may have; must be the same for servers and agents',
  }),
  'prometheus-listen-addr': setting(listenAddress, {
    group: OPERATION,
    fallback: '0.0.0.0:9621',
    help: 'address of /metrics, /livez and /readyz',
  }),
  'probe-bind': setting(listenAddress, {
    group: OPERATION,
    fallback: '127.0.0.1:9622',
    help: "loopback address of /livez for the kubelet's probe, with separate connection limits; agents with the same UID share the port",
  }),
  'state-dir': optional(path('DIR'), {
    group: OPERATION,
    help:
      'directory for keys, Pods and credentials that a restarted agent restores; must be in memory (emptyDir, medium: Memory) ' +
      'and not shared between nodes; without it a restarted agent starts empty',
  }),
  'status-socket': optional(path('SOCKET'), {
    group: OPERATION,
    help: `unix socket for rolegate-agent status and log-level; defaults to ${STATUS_SOCKET} if it can be created`,
  }),
  'log-level': sharedFlags['log-level'],
  'log-format': sharedFlags['log-format'],
};

/** Flags about servers; firewall mode ignores them. */
export const serverFlags = [
  'server-address',
  'attest-address',
  'server-name',
  'cert',
  'key',
  'token-file',
  'ca',
] as const;

/** Flags about container credentials; firewall mode ignores them. */
export const endpointFlags = [
  'container-credentials',
  'container-credentials-bind',
  'container-credentials-audience',
] as const;

/** The flags in `--mode firewall`, which needs no server. */
export const firewallFlags = {
  ...agentFlags,
  'server-address': needless(agentFlags['server-address']),
  ca: needless(agentFlags.ca),
};

function needless<Value>(flag: Flag<Value>): Flag<Value | undefined> {
  return { ...flag, required: false, absent: () => ({ value: undefined }) };
}
