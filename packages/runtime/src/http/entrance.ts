import type { Socket } from 'node:net';
import { canonicalIp } from '../net/canonical-ip.ts';
import type { Clock } from '../time/clock.ts';
import { createConnection, createNobody, ignoreError, reset } from './connection/connection.ts';
import type { HttpConnection, HttpHooks, HttpLimit, HttpLimits } from './connection/connection.ts';
import type { PlaceLimit, Places } from './clients/places.ts';

export interface EntranceDeps<Context> {
  readonly limits: Pick<HttpLimits, 'places'>;
  readonly hooks: Pick<HttpHooks<Context>, 'opened' | 'limited'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly places: Pick<Places<HttpConnection<Context>>, 'enter'>;
  /** Ports on which the server listens. Empty if it listens only on paths. */
  readonly ports: ReadonlySet<number>;
  /** The connection was admitted, or must be told that there is no place. */
  readonly follow: (connection: HttpConnection<Context>) => void;
  /** The connection lost its place to a new one. */
  readonly evict: (connection: HttpConnection<Context>) => void;
  readonly failed: (what: 'connection', error: unknown) => void;
}

/** Connections without a place that are answered before they end, as a share of all places. Others are reset. */
const REFUSED_PART = 1 / 8;

const LIMITS: Readonly<Record<PlaceLimit, HttpLimit>> = {
  client: 'connections_per_client',
  group: 'connections_per_group',
  total: 'connections',
};

/** Gives a new connection a place or turns it away. */
export function createEntrance<Context>(deps: EntranceDeps<Context>) {
  const { limits, hooks, clock, places, ports, follow, evict, failed } = deps;
  const nobody = createNobody<HttpConnection<Context>>();
  let refusing = 0;

  function accept(socket: Socket, localPort: number): void {
    try {
      open(socket, localPort);
    } catch (error) {
      failed('connection', error);
      socket.destroy();
    }
  }

  function open(socket: Socket, localPort: number): void {
    const { remoteAddress, remotePort = 0 } = socket;
    // A socket that was reset before it was accepted has no address, nor has one on a unix socket.
    const ip = remoteAddress === undefined ? '' : canonicalIp(remoteAddress);
    if (ip === undefined || (ip === '' && ports.size > 0)) {
      socket.destroy();
      return;
    }
    const { client, context } = hooks.opened({ ip }, localPort);
    const connection = createConnection({
      socket,
      ip,
      context,
      client: nobody,
      ends: { localPort, address: remoteAddress ?? '', port: remotePort },
      openedMs: clock.monotonic(),
    });
    const entry = places.enter(connection, client);
    if (entry.kind === 'entered') connection.client = entry.client;
    if (entry.limit !== undefined) hooks.limited(LIMITS[entry.limit], client, ip);
    if (entry.kind === 'refused' && !turnAway(connection)) return;
    follow(connection);
    if (entry.kind === 'entered' && entry.evicted !== undefined) evict(entry.evicted);
  }

  /** Returns false if too many are being turned away; this one is reset. */
  function turnAway(connection: HttpConnection<Context>): boolean {
    if (refusing >= limits.places.total * REFUSED_PART) {
      connection.socket.on('error', ignoreError);
      reset(connection);
      return false;
    }
    refusing += 1;
    connection.stage = 'refusing';
    connection.socket.once('close', () => {
      refusing -= 1;
    });
    return true;
  }

  return accept;
}
