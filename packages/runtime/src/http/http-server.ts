import type { ListenOptions, Socket } from 'node:net';
import type { Clock } from '../time/clock.ts';
import { createConnectionFlow } from './connection/flow.ts';
import { ignoreError, reset } from './connection/connection.ts';
import type { HttpConnection, HttpHooks, HttpLimits, HttpRequest } from './connection/connection.ts';
import { createEntrance } from './entrance.ts';
import type { KnownHeads } from './message/known-heads.ts';
import { createListening } from './listening.ts';
import type { Bind } from './listening.ts';
import type { HttpAnswer } from './message/message.ts';
import { createPlaces } from './clients/places.ts';
import type { ClientName } from './clients/places.ts';

export interface HttpServerOptions<Context> {
  readonly limits: HttpLimits;
  readonly hooks: HttpHooks<Context>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'schedule'>;
  /** Caches heads that are sent repeatedly. If absent, each head is parsed. */
  readonly heads?: KnownHeads;
  /**
   * Called if a listener fails later (for example without free descriptors), send queues cannot be read, or a hook
   * throws, which ends that connection.
   */
  readonly failed: (what: 'listener' | 'send queues' | 'connection', error: unknown) => void;
}

export interface HttpServer<Context> {
  /** Listens at a further address or path. Resolves with the port, 0 for a path. Rejects with the system's error. */
  readonly listen: (at: ListenOptions, bind?: Bind) => Promise<number>;
  readonly respond: (request: HttpRequest<Context>, answer: HttpAnswer) => void;
  /** Counts the connection for this client from now on. If the client then has too many, the longest idle one ends. */
  readonly recount: (connection: HttpConnection<Context>, client: ClientName) => void;
  readonly connections: ReadonlySet<HttpConnection<Context>>;
  /** Stops listening, answers accepted requests, and resolves when the last connection has ended, within `withinMs`. */
  readonly close: (withinMs: number) => Promise<void>;
}

/** Between two checks of deadlines. Milliseconds. */
const SWEEP_MS = 250;
/**
 * A client that sends a request within this time learns from the answer that the connection ends, so it loses no
 * request. Milliseconds.
 */
const LAST_REQUEST_MS = 1_000;

/**
 * An HTTP/1.1 server (RFC 9112) for hostile clients: bounded bytes and times, fair turns between clients, one request
 * at a time per connection. It knows nothing about what it serves.
 */
export function createHttpServer<Context>(options: HttpServerOptions<Context>): HttpServer<Context> {
  const { limits, clock, failed } = options;
  const connections = new Set<HttpConnection<Context>>();
  const places = createPlaces<HttpConnection<Context>>(limits.places);
  const ports = new Set<number>();
  let closing = false;
  const flow = createConnectionFlow<Context>({ ...options, ports, isClosing: () => closing });
  const deadlines = createDeadlines({ limits, clock, connections, expired: flow.expired });
  const accept = createEntrance<Context>({ ...options, places, ports, follow, evict: flow.evict });
  const { listen, stop } = createListening({ ports, accept, failed });

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
    socket.on('error', ignoreError);
    socket.once('close', () => {
      connections.delete(connection);
      places.leave(connection, connection.client);
      flow.closed(connection);
      if (connections.size === 0) deadlines.forget();
    });
    deadlines.watch();
  }

  return {
    listen,
    respond: flow.respond,
    recount(connection, name) {
      const { client: from } = connection;
      connection.client = places.move(connection, from, name);
      flow.unread?.moved(connection, from);
      const evicted = places.shrink(connection.client);
      if (evicted === undefined) return;
      options.hooks.limited('connections_per_client', name, evicted.ip);
      flow.evict(evicted);
    },
    connections,
    async close(withinMs) {
      closing = true;
      await stop();
      await endAll(connections, clock, withinMs);
    },
  };
}

interface DeadlinesDeps<Context> {
  readonly limits: Pick<HttpLimits, 'connectionMs'>;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly connections: ReadonlySet<HttpConnection<Context>>;
  readonly expired: (connection: HttpConnection<Context>) => void;
}

/** Checks deadlines while there are connections. */
function createDeadlines<Context>({ limits, clock, connections, expired }: DeadlinesDeps<Context>) {
  const { connectionMs = Infinity } = limits;
  let stopSweep: (() => void) | undefined;

  function watch(): void {
    stopSweep ??= clock.schedule(SWEEP_MS, () => {
      stopSweep = undefined;
      sweep(clock.monotonic());
      if (connections.size > 0) watch();
    });
  }

  function sweep(nowMs: number): void {
    for (const connection of connections) {
      if (nowMs - connection.openedMs > connectionMs) reset(connection);
      else if (connection.deadlineMs <= nowMs) expired(connection);
    }
  }

  function forget(): void {
    stopSweep?.();
    stopSweep = undefined;
  }

  return { watch, forget };
}

type Connections = ReadonlySet<HttpConnection<unknown>>;

/** Resolves when the last connection has ended: idle ones soon, others with their answers, within `withinMs`. */
async function endAll(
  connections: Connections,
  clock: Pick<Clock, 'schedule'>,
  withinMs: number,
): Promise<void> {
  const cancels = [
    clock.schedule(LAST_REQUEST_MS, () => {
      endIdle(connections);
    }),
    clock.schedule(withinMs, () => {
      for (const { socket } of connections) socket.destroy();
    }),
  ];
  await Promise.all([...connections].map(({ socket }) => closed(socket)));
  for (const cancel of cancels) cancel();
}

/** After the next poll of all sockets, so that what has arrived is answered. */
function endIdle(connections: Connections): void {
  setImmediate(() => {
    for (const { stage, pending, answers, socket } of connections)
      if (stage === 'reading' && pending === '' && answers > 0) socket.destroy();
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
