import type { Socket } from 'node:net';
import { canonicalIp } from '@rolegate/runtime';
import type { Limits } from './limits.ts';

/** A Pod's connection. */
export interface Connection {
  readonly socket: Socket;
  /** Canonical. */
  readonly ip: string;
  /** One too many: its requests are answered 503. */
  readonly over: boolean;
  /** The UID that it belongs to; undefined until one is known. */
  uid: string | undefined;
  /** Requests that are not answered yet. */
  open: number;
  /** What cannot be parsed has been answered: what comes after is dropped. */
  refused: boolean;
}

export interface ConnectionsDeps {
  readonly limits: Limits;
  /** The UID that holds an address now; undefined where that is not known. */
  readonly holderOf: (ip: string) => string | undefined;
}

export interface Connections {
  readonly accept: (socket: Socket) => void;
  readonly of: (socket: Socket) => Connection | undefined;
  /** False where the connection belongs to another than `uid`: the connection is closed then. */
  readonly claim: (connection: Connection, uid: string | undefined) => boolean;
  /** The address changed hands: closes what was accepted for another UID than that which holds it now. */
  readonly handOver: (ip: string) => void;
}

/** Open connections by source address. Each belongs to the Pod that held the address when it was accepted. */
export function createConnections({ limits, holderOf }: ConnectionsDeps): Connections {
  const bySocket = new Map<Socket, Connection>();
  const byIp = new Map<string, Set<Connection>>();

  function accept(socket: Socket): void {
    const ip = canonicalIp(socket.remoteAddress ?? '');
    const state = ip === undefined ? 'drop' : limits.connected(ip);
    if (ip === undefined || state === 'drop') {
      socket.destroy();
      return;
    }
    const connection = { socket, ip, over: state === 'over', uid: holderOf(ip), open: 0, refused: false };
    add(connection);
    socket.once('close', () => {
      remove(connection);
      limits.disconnected(ip);
    });
  }

  function add(connection: Connection): void {
    bySocket.set(connection.socket, connection);
    const siblings = byIp.get(connection.ip);
    if (siblings === undefined) byIp.set(connection.ip, new Set([connection]));
    else siblings.add(connection);
  }

  function remove(connection: Connection): void {
    bySocket.delete(connection.socket);
    const siblings = byIp.get(connection.ip);
    siblings?.delete(connection);
    if (siblings?.size === 0) byIp.delete(connection.ip);
  }

  return {
    accept,
    of: (socket) => bySocket.get(socket),
    claim(connection, uid) {
      if (uid === undefined || connection.uid === uid) return true;
      if (connection.uid === undefined) {
        connection.uid = uid;
        return true;
      }
      connection.socket.destroy();
      return false;
    },
    handOver(ip) {
      const uid = holderOf(ip);
      for (const connection of byIp.get(ip) ?? []) {
        if (connection.uid !== undefined && connection.uid !== uid) connection.socket.destroy();
      }
    },
  };
}
