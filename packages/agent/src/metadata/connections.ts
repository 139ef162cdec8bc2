import type { ClientName, HttpConnection, HttpServer } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import type { Caller } from '../addresses/caller.ts';
import { STRANGERS } from './http-limits.ts';

/** What is known of who made a connection. */
export interface Owner {
  /** The UID that the connection belongs to; undefined until one is known. */
  uid: string | undefined;
}

/** A Pod's connection. */
export type Connection = HttpConnection<Owner>;

export interface ConnectionsDeps {
  readonly server: Pick<HttpServer<Owner>, 'connections' | 'recount'>;
  readonly identify: (ip: string) => Caller;
}

export interface Connections {
  /** False if the connection belongs to another Pod than this caller: it is closed then. */
  readonly claim: (connection: Connection, caller: Caller) => boolean;
  /** The address changed hands: closes what was accepted for another UID than the one that owns it now. */
  readonly handOver: (ip: string) => void;
}

/** Each connection belongs to the Pod that owned the address when it was accepted, or the first one to own it afterwards. */
export function createConnections({ server, identify }: ConnectionsDeps): Connections {
  return {
    claim(connection, caller) {
      const uid = ownerUid(caller);
      const { context, client, ip } = connection;
      if (uid !== undefined && context.uid !== undefined && context.uid !== uid) {
        connection.socket.destroy();
        return false;
      }
      context.uid ??= uid;
      if (client.group.name === STRANGERS) {
        const name = clientOf(caller, ip);
        if (name.group !== STRANGERS) server.recount(connection, name);
      }
      return true;
    },
    handOver(ip) {
      const uid = ownerUid(identify(ip));
      for (const connection of server.connections) {
        const { context } = connection;
        if (connection.ip === ip && context.uid !== undefined && context.uid !== uid)
          connection.socket.destroy();
      }
    },
  };
}

/** Whom limits count a caller as: a Pod in its Namespace, or one more address that no Pod owns. */
export function clientOf(caller: Caller, ip: string): ClientName {
  if (caller.kind === 'pod' && caller.pod.namespace !== '')
    return { group: caller.pod.namespace, name: caller.pod.uid === '' ? ip : (ownerUid(caller) ?? ip) };
  if (caller.kind === 'unknown' && caller.uid !== undefined)
    return { group: caller.namespace ?? STRANGERS, name: caller.uid };
  return { group: STRANGERS, name: ip };
}
