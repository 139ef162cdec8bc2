import type { X509Certificate } from 'node:crypto';
import { nodeOfSan } from '@rolegate/protocol';
import type { ClientConnection } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { createRateLimits, networkOf } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { PortLimitHit, PortLimitSubject } from '../limits/limit-hits.ts';

/** Bounds of connections with a certificate. */
export interface NodeConnectionLimits {
  /** An agent has its feed, the next one and a renewal; an upgrade by surge has two agents. */
  readonly ofNode: number;
  /** Of an address, with certificates that name no node: all nodes may share one, and one address. */
  readonly nameless: number;
  /** New calls of a node on all its connections: Pods that start together ask for their addresses. */
  readonly calls: { readonly perSecond: number; readonly burst: number };
  /** What a node sends: 20 first reports at once, and four a second later. */
  readonly bytes: { readonly perSecond: number; readonly burst: number };
}

const MIB = 1024 * 1024;

const NODE_CONNECTION_LIMITS: NodeConnectionLimits = {
  ofNode: 8,
  nameless: 512,
  calls: { perSecond: 100, burst: 1_000 },
  bytes: { perSecond: 4 * MIB, burst: 32 * MIB },
};

/** How often it is looked how much has come in. Milliseconds. */
const LOOK_MS = 1_000;

export interface NodeConnectionsDeps {
  readonly limits?: NodeConnectionLimits;
  readonly trustDomain: string;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly memory?: ServerMemory | undefined;
  readonly hit: PortLimitHit;
}

interface Held {
  readonly connection: ClientConnection;
  readonly key: string;
  readonly subject: PortLimitSubject;
  readBytes: number;
  readonly leave: () => void;
}

/** Bounds what one node has open and asks, by its certificate: of its connections the newest stay. */
export function createNodeConnections(deps: NodeConnectionsDeps) {
  const { limits = NODE_CONNECTION_LIMITS, trustDomain, clock, memory, hit } = deps;
  const groups = new Map<string, Set<Held>>();
  const remembered = { clock, memory, kind: 'calling_nodes' } as const;
  const mayCall = createRateLimits({ ...limits.calls, ...remembered });
  const maySend = createRateLimits({ ...limits.bytes, ...remembered });
  let looking = false;

  function enter(key: string, subject: PortLimitSubject, connection: ClientConnection): Held {
    const group = groups.get(key) ?? new Set();
    groups.set(key, group);
    const held: Held = {
      connection,
      key,
      subject,
      readBytes: 0,
      leave() {
        group.delete(held);
        if (group.size === 0 && groups.get(key) === group) groups.delete(key);
      },
    };
    group.add(held);
    return held;
  }

  /** The one that has been open for the longest. */
  function makeRoom(key: string, most: number, subject: PortLimitSubject): void {
    const group = groups.get(key);
    const oldest = group?.values().next().value;
    if (group === undefined || oldest === undefined || group.size < most) return;
    displace(oldest, 'node_connections', subject);
  }

  function displace(
    held: Held,
    limit: 'node_connections' | 'connection_bytes',
    subject = held.subject,
  ): void {
    held.leave();
    hit(limit, subject);
    held.connection.end();
  }

  function look(): void {
    looking = groups.size > 0;
    if (!looking) return;
    for (const group of [...groups.values()])
      for (const held of [...group]) {
        const bytes = held.connection.accepted?.bytesRead ?? 0;
        // Most are idle.
        if (bytes === held.readBytes) continue;
        if (!maySend(held.key, bytes - held.readBytes)) displace(held, 'connection_bytes');
        held.readBytes = bytes;
      }
    clock.schedule(LOOK_MS, look);
  }

  return (connection: ClientConnection): void => {
    const node = nodeOfCertificate(connection.certificate, trustDomain);
    const address = networkOf(connection.address);
    const key = node === undefined ? `address ${address}` : `node ${node}`;
    const subject = { address, node };
    makeRoom(key, node === undefined ? limits.nameless : limits.ofNode, subject);
    const held = enter(key, subject, connection);
    connection.onClose(held.leave);
    connection.onRequest(() => {
      if (mayCall(key)) return;
      hit('node_calls', subject);
      // Not now: the call is about to be handed over, on a stream that must still be there.
      setImmediate(connection.end);
    });
    if (!looking) clock.schedule(LOOK_MS, look);
    looking = true;
  };
}

function nodeOfCertificate(certificate: X509Certificate | undefined, trustDomain: string) {
  const names = certificate?.subjectAltName;
  return names === undefined ? undefined : nodeOfSan(names, trustDomain);
}
