import { duration, hostName, list, listenAddress, oneOf, optional, path, setting } from '@rolegate/runtime';
import { daemonSet, namespace, secret, serviceAccount, taintKey, trustDomain } from './kinds.ts';

/** A successor is trusted for a day before it signs, and the old authority for a day after. Milliseconds. */
const SHORTEST_AUTHORITY_MS = 7 * 24 * 3_600_000;
const LONGEST_AUTHORITY_MS = 20 * 365 * 24 * 3_600_000;

const GRPC = 'gRPC to the agents';
const AGENTS = 'Agents';

/** Flags for serving agents and identifying them. */
export const agentsFlags = {
  bind: setting(listenAddress, {
    group: GRPC,
    fallback: '0.0.0.0:9610',
    help:
      'listen address for the feeds of agents that have a certificate (a feed is the gRPC stream from server to ' +
      'agent); [::]:9610 serves IPv6 and IPv4',
  }),
  'attest-bind': setting(listenAddress, {
    group: GRPC,
    fallback: '0.0.0.0:9611',
    help: 'listen address for agents that request their first certificate; closed if --cert, --key and --ca are set',
  }),
  cert: optional(path(), {
    group: GRPC,
    help:
      'server certificate (PEM), reloaded when it changes; without --cert, --key and --ca the server signs certificates ' +
      'with its authority (--authority-secret)',
  }),
  key: optional(path(), { group: GRPC, help: 'private key of --cert (PEM)' }),
  ca: optional(path(), {
    group: GRPC,
    help: 'CA bundle that verifies agent certificates (PEM)',
  }),
  namespace: optional(namespace, {
    group: GRPC,
    env: ['POD_NAMESPACE'],
    help: 'Namespace of the server; defaults to that of its Pod',
  }),
  'authority-secret': setting(secret, {
    group: GRPC,
    fallback: 'rolegate-authority',
    help:
      'Secret with the authority: the key and certificate with which the server signs; a ConfigMap of the same name publishes ' +
      'the CA bundle',
  }),
  'authority-age': setting(duration({ minMs: SHORTEST_AUTHORITY_MS, maxMs: LONGEST_AUTHORITY_MS }), {
    group: GRPC,
    fallback: '8760h',
    help: 'lifetime of an authority; its successor is prepared after two thirds of it',
  }),
  'server-name': list(hostName, {
    group: GRPC,
    separator: 'comma',
    help:
      'DNS name in the certificate that the server signs for itself; defaults to rolegate-server, ' +
      'rolegate-server.NAMESPACE, rolegate-server.NAMESPACE.svc and rolegate-server.NAMESPACE.svc.cluster.local',
  }),
  'trust-domain': setting(trustDomain, {
    group: GRPC,
    fallback: 'rolegate',
    help: 'trust domain of the URI spiffe://DOMAIN/node/NODE in agent certificates',
  }),
  'token-secret-file': optional(path(), {
    group: GRPC,
    help:
      'file with the secret from which the keys of metadata tokens (IMDSv2) are derived, the same for all replicas; ' +
      "defaults to the authority's secret or, with --cert, to a random secret that no other replica knows",
  }),
  'stream-age': setting(duration({ minMs: 1000, maxMs: 24 * 3_600_000 }), {
    group: GRPC,
    fallback: '30m',
    help: 'lifetime of a feed, ± 20 %; agents then reconnect, which spreads them over the replicas',
  }),
  'drain-timeout': setting(duration({ maxMs: 600_000 }), {
    group: GRPC,
    fallback: '10s',
    help: 'how long a stopping server waits for its feeds to end',
  }),
  'agent-identity': setting(oneOf(['attested', 'shared']), {
    group: AGENTS,
    fallback: 'attested',
    help:
      'shared: an agent whose certificate names no node can claim any node; ' +
      'only for migration from kiam, because one stolen key then gives access to every role',
  }),
  'agent-service-account': list(serviceAccount, {
    group: AGENTS,
    separator: 'comma',
    help: 'ServiceAccount whose Pods are accepted as agents; defaults to NAMESPACE/rolegate-agent',
  }),
  'agent-daemonset': list(daemonSet, {
    group: AGENTS,
    separator: 'comma',
    help: "DaemonSet whose Pods are accepted as agents; defaults to any in the ServiceAccount's Namespace",
  }),
  'startup-taint': list(taintKey, {
    group: AGENTS,
    separator: 'comma',
    help: 'key of a taint to remove from a Node once its agent is connected and its interception is installed',
  }),
};
