import { createServer } from 'node:net';
import type { ListenOptions, Server, Socket } from 'node:net';
import { canonicalIp } from '../net/canonical-ip.ts';
import type { Clock } from '../time/clock.ts';
import { stopListening } from '../net/stop-listening.ts';
import type { HttpConnection, HttpHooks, HttpLimit, HttpLimits, HttpRequest } from './connection.ts';
import { createConnection, createNobody, reset } from './connection.ts';
import { createConnectionFlow } from './connection-flow.ts';
import type { KnownHeads } from './known-heads.ts';
import type { HttpAnswer } from './message.ts';
import { createPlaces } from './places.ts';
import type { ClientName, PlaceLimit } from './places.ts';

export interface HttpServerOptions<Context> {
  readonly limits: HttpLimits;
  readonly hooks: HttpHooks<Context>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'schedule'>;
  /** Where heads are kept that come again and again; absent: each is parsed. */
  readonly heads?: KnownHeads;
  /**
   * A listener fails later on (no descriptor is left for a new connection), send queues cannot be read, or a hook throws, which
   * costs that connection.
   */
  readonly failed: (what: 'listener' | 'send queues' | 'connection', error: unknown) => void;
}

export interface HttpServer<Context> {
  /** Listens at one more address or path. Rejects with the system's error. Resolves with the port, 0 for a path. */
  readonly listen: (at: ListenOptions, bind?: Bind) => Promise<number>;
  readonly respond: (request: HttpRequest<Context>, answer: HttpAnswer) => void;
  /** The connection counts for this client from now on. */
  readonly recount: (connection: HttpConnection<Context>, client: ClientName) => void;
  readonly connections: ReadonlySet<HttpConnection<Context>>;
  /** Listens no more, answers what was accepted, and resolves when the last connection has ended, within `withinMs`. */
  readonly close: (withinMs: number) => Promise<void>;
}

/** Makes the server listen, in a way of its own; rejects with the error. */
export type Bind = (server: Server, at: ListenOptions) => Promise<void>;

/** How often deadlines are looked at. Milliseconds. */
const SWEEP_MS = 250;
/** Connections beyond all places that are answered before they end, as a part of all places. The rest is reset. */
const REFUSED_PART = 1 / 8;
/** A client that asks again within this is told with the answer that the connection ends, and loses no request. Milliseconds. */
const LAST_REQUEST_MS = 1_000;

const LIMITS: Readonly<Record<PlaceLimit, HttpLimit>> = {
  client: 'connections_per_client',
  group: 'connections_per_group',
  total: 'connections',
};

/**
 * An HTTP/1.1 server (RFC 9112) for clients that may be hostile: bounded bytes and times, fair turns between clients, one request
 * at a time on a connection. It knows nothing of what is served.
 */
export function createHttpServer<Context>(options: HttpServerOptions<Context>): HttpServer<Context> {
  const { limits, hooks, clock, failed } = options;
  const servers = new Set<Server>();
  const connections = new Set<HttpConnection<Context>>();
  const ports = new Set<number>();
  const places = createPlaces<HttpConnection<Context>>(limits.places);
  const nobody = createNobody<HttpConnection<Context>>();
  let refusing = 0;
  let stopSweep: (() => void) | undefined;
  let closing = false;
  const flow = createConnectionFlow<Context>({
    limits,
    hooks,
    clock,
    ports,
    heads: options.heads,
    isClosing: () => closing,
    failed,
  });

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
    // A socket that was reset before it was accepted has no address; on a unix socket none has.
    const ip = remoteAddress === undefined ? '' : canonicalIp(remoteAddress);
    if (ip === undefined || (ip === '' && ports.size > 0)) {
      socket.destroy();
      return;
    }
    const { client, context } = hooks.opened({ ip });
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
    if (entry.kind === 'entered' && entry.evicted !== undefined) flow.evict(entry.evicted);
  }

  /** False: too many are turned away already, and this one is reset. */
  function turnAway(connection: HttpConnection<Context>): boolean {
    if (refusing >= limits.places.total * REFUSED_PART) {
      connection.socket.on('error', ignore);
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

  function follow(connection: HttpConnection<Context>): void {
    const { socket } = connection;
    connections.add(connection);
    connection.deadlineMs = connection.openedMs + limits.headMs;
    if (connection.stage === 'reading') connection.client.idle.add(connection);
    socket.on('data', (chunk: Buffer) => {
      flow.received(connection, chunk.toString('latin1'));
    });
    socket.on('end', () => {
      flow.ended(connection);
    });
    socket.on('error', ignore); // 'close' follows
    socket.once('close', () => {
      connections.delete(connection);
      places.leave(connection, connection.client);
      flow.closed(connection);
      if (connections.size > 0) return;
      stopSweep?.();
      stopSweep = undefined;
    });
    sweepLater();
  }

  function sweepLater(): void {
    stopSweep ??= clock.schedule(SWEEP_MS, () => {
      stopSweep = undefined;
      sweep(clock.monotonic());
      if (connections.size > 0) sweepLater();
    });
  }

  function sweep(nowMs: number): void {
    const { connectionMs = Infinity } = limits;
    for (const connection of connections) {
      if (nowMs - connection.openedMs > connectionMs) reset(connection);
      else if (connection.deadlineMs <= nowMs) flow.expired(connection);
    }
  }

  async function close(withinMs: number): Promise<void> {
    closing = true;
    await Promise.all([...servers].map(stopListening));
    const cancels = [
      clock.schedule(LAST_REQUEST_MS, endIdle),
      clock.schedule(withinMs, () => {
        for (const { socket } of connections) socket.destroy();
      }),
    ];
    await Promise.all([...connections].map(({ socket }) => closed(socket)));
    for (const cancel of cancels) cancel();
  }

  /** After the next look at all sockets: what has come by then is answered. */
  function endIdle(): void {
    setImmediate(() => {
      for (const { stage, pending, answers, socket } of connections)
        if (stage === 'reading' && pending === '' && answers > 0) socket.destroy();
    });
  }

  return {
    async listen(at, bind = listen) {
      // The kernel tells of an end that the client has made of its side; answers go out all the same.
      let port = 0;
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        accept(socket, port);
      });
      await bind(server, at);
      servers.add(server);
      server.on('error', (error) => {
        failed('listener', error);
      });
      const address = server.address();
      if (typeof address !== 'object' || address === null) return 0;
      ({ port } = address);
      ports.add(port);
      return port;
    },
    respond: flow.respond,
    recount(connection, name) {
      const { client: from } = connection;
      connection.client = places.move(connection, from, name);
      flow.unread?.moved(connection, from);
    },
    connections,
    close,
  };
}

function listen(server: Server, at: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else
      socket.once('close', () => {
        resolve();
      });
  });
}

function ignore(): void {
  // Nothing to do.
}
