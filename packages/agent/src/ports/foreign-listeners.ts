import { isIPv4 } from 'node:net';
import type { HostPort } from '@rolegate/runtime';
import type { ListeningSocket } from './listening-sockets.ts';

/** A listener on a port of the agent that no agent of the node has named. */
export type ForeignListener = Omit<ListeningSocket, 'inode'>;

/** The input of one check. */
export interface Look {
  /** All listeners of the node. */
  readonly listening: readonly ListeningSocket[];
  /** Ports of the agents; a wildcard address stands for all. */
  readonly ports: readonly HostPort[];
  /** Inodes that agents of this node have named. */
  readonly named: ReadonlySet<number>;
  /** False: agents of other Pods are unknown, and one may be running. */
  readonly allNamed: boolean;
  /** Monotonic. */
  readonly nowMs: number;
}

/** When each unnamed listener was first seen, by inode. Monotonic milliseconds. */
export type Unnamed = ReadonlyMap<number, number>;

/** The user of agents of version 0.1, which name nothing. */
export const USER_OF_0_1 = 65_532;
/** After this time an upgrade has replaced the agent. Milliseconds. */
export const MAY_BE_AGENT_MS = 300_000;

/**
 * Compares the listeners on the agents' ports with those that agents name. Pure. A listener is foreign if two consecutive
 * checks found it unnamed, because an agent names its own just after it starts to listen. A listener that may be an agent that
 * names nothing is foreign after five minutes.
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

/** True if the socket gets connections to the agent's address and port, or prevents the agent from listening there. */
function isOn({ host, port }: HostPort, socket: ListeningSocket): boolean {
  if (port !== socket.port) return false;
  return host === socket.address || covers(host, socket.address) || covers(socket.address, host);
}

/** By default a listener on the IPv6 wildcard also covers IPv4. */
function covers(wildcard: string, address: string): boolean {
  return wildcard === '::' || (wildcard === '0.0.0.0' && isIPv4(address));
}
