import type { ClientName, HttpConnection, HttpRequest, HttpServer } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import type { Caller } from '../addresses/caller.ts';
import type { RouteName } from './answer/record.ts';
import { STRANGERS } from './http-limits.ts';

/** One of the endpoints that Pods speak to. */
export interface Endpoint {
  readonly serve: (request: HttpRequest<Owner>) => void;
  /** The route of what could not be parsed. */
  readonly unparsedRoute: RouteName;
}

/** The owner of a connection. */
export interface Owner {
  /** The endpoint that was connected to. */
  readonly endpoint: Endpoint;
  /** The UID that the connection belongs to; undefined until it is known. */
  uid: string | undefined;
}

/** A Pod's connection. */
export type Connection = HttpConnection<Owner>;

export interface ConnectionsDeps {
  readonly server: Pick<HttpServer<Owner>, 'connections' | 'recount'>;
  readonly identify: (ip: string) => Caller;
}

export interface Connections {
  /** False if the connection belongs to a Pod other than this caller. The connection is then closed. */
  readonly claim: (connection: Connection, caller: Caller) => boolean;
  /** The address changed hands: closes connections that belong to another UID than the new owner's. */
  readonly handOver: (ip: string) => void;
}

/** A connection belongs to the Pod that owned the address when it was accepted or, if there was none, to the next owner. */
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

/** The client that limits count a caller as: a Pod in its Namespace, or an address that no Pod owns. */
export function clientOf(caller: Caller, ip: string): ClientName {
  if (caller.kind === 'pod' && caller.pod.namespace !== '')
    return { group: caller.pod.namespace, name: caller.pod.uid === '' ? ip : (ownerUid(caller) ?? ip) };
  if (caller.kind === 'unknown' && caller.uid !== undefined)
    return { group: caller.namespace ?? STRANGERS, name: caller.uid };
  return { group: STRANGERS, name: ip };
}
