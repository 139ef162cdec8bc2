import type { X509Certificate } from 'node:crypto';
import { nodeOfSan } from '@rolegate/protocol';
import type { ClientConnection } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { createRateLimits, networkOf } from '../identity/rate-limits.ts';
import type { ServerMemory } from '../memory.ts';
import type { PortLimitHit } from './limit-hits.ts';

/** Bounds of connections with a certificate. */
export interface NodeConnectionLimits {
  /** An agent has its feed, the next one and a renewal; an upgrade by surge has two agents. */
  readonly ofNode: number;
  /** Of an address, with certificates that name no node: all nodes may share one, and one address. */
  readonly nameless: number;
  /** New calls of a node on all its connections: Pods that start together ask for their addresses. */
  readonly perSecond: number;
  readonly burst: number;
}

export const NODE_CONNECTION_LIMITS: NodeConnectionLimits = {
  ofNode: 8,
  nameless: 512,
  perSecond: 100,
  burst: 1_000,
};

export interface NodeConnectionsDeps {
  readonly limits?: NodeConnectionLimits;
  readonly trustDomain: string;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly memory?: ServerMemory | undefined;
  readonly hit: PortLimitHit;
}

interface Held {
  readonly connection: ClientConnection;
  readonly leave: () => void;
}

/** Bounds what one node has open and asks, by its certificate: of its connections the newest stay. */
export function createNodeConnections(deps: NodeConnectionsDeps) {
  const { limits = NODE_CONNECTION_LIMITS, trustDomain, clock, memory, hit } = deps;
  const groups = new Map<string, Set<Held>>();
  const mayCall = createRateLimits({ ...limits, clock, memory, kind: 'calling_nodes' });

  function enter(key: string, connection: ClientConnection): Held {
    const group = groups.get(key) ?? new Set();
    groups.set(key, group);
    const held: Held = {
      connection,
      leave() {
        group.delete(held);
        if (group.size === 0 && groups.get(key) === group) groups.delete(key);
      },
    };
    group.add(held);
    return held;
  }

  /** The one that has been open for the longest. */
  function makeRoom(key: string, most: number, subject: Parameters<PortLimitHit>[1]): void {
    const group = groups.get(key);
    const oldest = group?.values().next().value;
    if (group === undefined || oldest === undefined || group.size < most) return;
    oldest.leave();
    hit('node_connections', subject);
    oldest.connection.end();
  }

  return (connection: ClientConnection): void => {
    const node = nodeOfCertificate(connection.certificate, trustDomain);
    const address = networkOf(connection.address);
    const key = node === undefined ? `address ${address}` : `node ${node}`;
    const subject = { address, node };
    makeRoom(key, node === undefined ? limits.nameless : limits.ofNode, subject);
    const held = enter(key, connection);
    connection.onClose(held.leave);
    connection.onRequest(() => {
      if (mayCall(key)) return;
      hit('node_calls', subject);
      // Not now: the call is about to be handed over, on a stream that must still be there.
      setImmediate(connection.end);
    });
  };
}

function nodeOfCertificate(certificate: X509Certificate | undefined, trustDomain: string) {
  const names = certificate?.subjectAltName;
  return names === undefined ? undefined : nodeOfSan(names, trustDomain);
}
