import { duration, hostName, list, listenAddress, oneOf, optional, path, setting } from '@rolegate/runtime';
import { daemonSet, namespace, secret, serviceAccount, taintKey, trustDomain } from './kinds.ts';

/** Its successor is trusted for a day before it signs, and it for a day after. Milliseconds. */
const SHORTEST_AUTHORITY_MS = 7 * 24 * 3_600_000;
const LONGEST_AUTHORITY_MS = 20 * 365 * 24 * 3_600_000;

const GRPC = 'gRPC to the agents';
const AGENTS = 'Agents';

/** How agents reach the server, and who they are. */
export const agentsFlags = {
  bind: setting(listenAddress, {
    group: GRPC,
    fallback: '0.0.0.0:9610',
    help: 'address on which agents with a certificate are served; [::]:9610 for IPv6 and IPv4',
  }),
  'attest-bind': setting(listenAddress, {
    group: GRPC,
    fallback: '0.0.0.0:9611',
    help: 'address on which agents get their first certificate; not opened with --cert, --key and --ca',
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
  'startup-taint': list(taintKey, {
    group: AGENTS,
    separator: 'comma',
    help: 'key of a taint that is removed from a Node once its agent is connected and its interception is laid',
  }),
};
