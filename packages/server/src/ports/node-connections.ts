import type { X509Certificate } from 'node:crypto';
import { nodeOfSan } from '@rolegate/protocol';
import type { ClientConnection } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { createRateLimits, networkOf } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { PortLimitHit, PortLimitSubject } from '../limits/limit-hits.ts';
import { createRepeatedCheck } from './repeated-check.ts';

/** Limits on connections with a certificate. */
export interface NodeConnectionLimits {
  /** Connections of a node. An agent has its feed, the next one and a renewal; a surge upgrade has two agents. */
  readonly ofNode: number;
  /** Connections of an address whose certificates name no node; all nodes may share one certificate and one address. */
  readonly nameless: number;
  /** New calls of a node on all its connections: one Resolve for each Pod that starts. */
  readonly calls: { readonly perSecond: number; readonly burst: number };
  /** Bytes from a node: room for 20 first reports at once, and then four a second. */
  readonly bytes: { readonly perSecond: number; readonly burst: number };
}

const MIB = 1024 * 1024;

const NODE_CONNECTION_LIMITS: NodeConnectionLimits = {
  ofNode: 8,
  nameless: 512,
  calls: { perSecond: 100, burst: 1_000 },
  bytes: { perSecond: 4 * MIB, burst: 32 * MIB },
};

/** How often received bytes are checked. Milliseconds. */
const CHECK_MS = 1_000;

export interface NodeConnectionsDeps {
  readonly limits?: NodeConnectionLimits;
  readonly trustDomain: string;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly memory?: ServerMemory | undefined;
  readonly hit: PortLimitHit;
}

interface BoundConnection {
  readonly connection: ClientConnection;
  readonly key: string;
  readonly subject: PortLimitSubject;
  readBytes: number;
}

/** Limits the connections, calls and bytes of each node, by its certificate. The newest connections are kept. */
export function createNodeConnections(deps: NodeConnectionsDeps) {
  const { limits = NODE_CONNECTION_LIMITS, trustDomain, clock, memory, hit } = deps;
  const groups = createGroups();
  const remembered = { clock, memory, kind: 'calling_nodes' } as const;
  const mayCall = createRateLimits({ ...limits.calls, ...remembered });
  const maySend = createRateLimits({ ...limits.bytes, ...remembered });
  const startChecking = createRepeatedCheck({
    clock,
    everyMs: CHECK_MS,
    check() {
      for (const bound of groups.all()) countBytes(bound);
    },
    isNeeded: () => groups.size() > 0,
  });

  function countBytes(bound: BoundConnection): void {
    const bytes = bound.connection.accepted?.bytesRead ?? 0;
    // Most are idle.
    if (bytes === bound.readBytes) return;
    if (!maySend(bound.key, bytes - bound.readBytes)) evict(bound, 'connection_bytes');
    bound.readBytes = bytes;
  }

  function evict(
    bound: BoundConnection,
    limit: 'node_connections' | 'connection_bytes',
    subject = bound.subject,
  ): void {
    groups.remove(bound);
    hit(limit, subject);
    bound.connection.end();
  }

  return (connection: ClientConnection): void => {
    const node = nodeOfCertificate(connection.certificate, trustDomain);
    const address = networkOf(connection.address);
    const key = node === undefined ? `address ${address}` : `node ${node}`;
    const subject = { address, node };
    const oldest = groups.oldestIfFull(key, node === undefined ? limits.nameless : limits.ofNode);
    if (oldest !== undefined) evict(oldest, 'node_connections', subject);
    const bound = { connection, key, subject, readBytes: 0 };
    groups.add(bound);
    connection.onClose(() => {
      groups.remove(bound);
    });
    connection.onRequest(() => {
      if (mayCall(key)) return;
      hit('node_calls', subject);
      // Deferred, because grpc-js is about to hand over the call, and needs its stream.
      setImmediate(connection.end);
    });
    startChecking();
  };
}

/** Open connections by node or address, oldest first. */
function createGroups() {
  const groups = new Map<string, Set<BoundConnection>>();
  return {
    size: () => groups.size,
    all: () => [...groups.values()].flatMap((group) => [...group]),
    add: (bound: BoundConnection): void => {
      const group = groups.get(bound.key) ?? new Set();
      groups.set(bound.key, group.add(bound));
    },
    remove: (bound: BoundConnection): void => {
      const group = groups.get(bound.key);
      group?.delete(bound);
      if (group?.size === 0) groups.delete(bound.key);
    },
    oldestIfFull: (key: string, most: number): BoundConnection | undefined => {
      const group = groups.get(key);
      return group === undefined || group.size < most ? undefined : group.values().next().value;
    },
  };
}

function nodeOfCertificate(certificate: X509Certificate | undefined, trustDomain: string) {
  const names = certificate?.subjectAltName;
  return names === undefined ? undefined : nodeOfSan(names, trustDomain);
}
