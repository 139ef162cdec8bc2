import { isIPv4 } from 'node:net';
import type { HostPort } from '@rolegate/runtime';
import type { ListeningSocket } from './listening-sockets.ts';

/** A listener on a port of the agent that no agent of the node has named. */
export type ForeignListener = Omit<ListeningSocket, 'inode'>;

/** What one look found. */
export interface Look {
  /** All that listen on the node. */
  readonly listening: readonly ListeningSocket[];
  /** Ports of the agents; a wildcard address stands for all. */
  readonly ports: readonly HostPort[];
  /** Inodes that agents of this node have named. */
  readonly named: ReadonlySet<number>;
  /** False: agents of other Pods cannot be heard, and one may be beside ours. */
  readonly allNamed: boolean;
  /** Monotonic. */
  readonly nowMs: number;
}

/** When each listener that nobody has named was first seen, by its inode. Milliseconds, monotonic. */
export type Unnamed = ReadonlyMap<number, number>;

/** The user that agents of 0.1 run as. They name nothing. */
export const USER_OF_0_1 = 65_532;
/** An upgrade has replaced an agent by then. Milliseconds. */
export const MAY_BE_AGENT_MS = 300_000;

/**
 * Compares the listeners of the agents' ports with those that the agents name. Pure. A listener is foreign if two looks in a row
 * have found it unnamed: an agent names its own just after it has begun to listen. What may be an agent that names nothing is foreign
 * after five minutes.
 */
export function compareListeners(
  before: Unnamed,
  { listening, ports, named, allNamed, nowMs }: Look,
): { readonly unnamed: Unnamed; readonly foreign: readonly ForeignListener[] } {
  const suspects = listening.filter(
    (socket) => !named.has(socket.inode) && ports.some((port) => isOn(port, socket)),
  );
  const unnamed = new Map(suspects.map(({ inode }) => [inode, before.get(inode) ?? nowMs]));
  const isForeign = ({ inode, uid }: ListeningSocket): boolean => {
    const sinceMs = before.get(inode);
    if (sinceMs === undefined) return false;
    return (allNamed && uid !== USER_OF_0_1) || nowMs - sinceMs >= MAY_BE_AGENT_MS;
  };
  const foreign = suspects
    .filter(isForeign)
    .map(({ address, port, uid }) => ({ address, port, uid }))
    .sort((a, b) => a.port - b.port || a.address.localeCompare(b.address) || a.uid - b.uid);
  return { unnamed, foreign };
}

/** The socket gets connections to the agent's address and port, or keeps the agent from listening there. */
function isOn({ host, port }: HostPort, socket: ListeningSocket): boolean {
  if (port !== socket.port) return false;
  return host === socket.address || covers(host, socket.address) || covers(socket.address, host);
}

/** By default a listener on all addresses of IPv6 has those of IPv4 too. */
function covers(wildcard: string, address: string): boolean {
  return wildcard === '::' || (wildcard === '0.0.0.0' && isIPv4(address));
}
