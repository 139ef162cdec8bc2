import { connect } from 'node:net';
import type { ListenOptions, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createHttpServer } from '@rolegate/runtime';
import { createRemembered } from '../../../src/memory/remembered.ts';
import type {
  ClientName,
  HttpAnswer,
  HttpConnection,
  HttpLimit,
  HttpLimits,
  HttpRefusal,
  HttpRequest,
  RequestHead,
} from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createMemoryListener, createMemorySocket } from '../memory-socket.ts';
import type { MemorySocket } from '../memory-socket.ts';

export const LIMITS: HttpLimits = {
  places: { perClient: 16, total: 64, spared: 2 },
  headBytes: 1_024,
  headMs: 2_000,
  bodyMs: 3_000,
  behindBytes: 256,
  keepAliveMs: 5_000,
  answerMs: 4_000,
};

export interface ServerSetup {
  readonly limits?: Partial<HttpLimits>;
  /** The client of a connection, by how many were opened before. */
  readonly clientOf?: (count: number) => ClientName;
  /** If absent, each request is answered immediately with its target, PUT with its body. */
  readonly request?: (request: HttpRequest<number>) => void;
  readonly at?: ListenOptions;
}

const STATUSES: Readonly<Record<HttpRefusal['kind'], number>> = {
  malformed: 400,
  'head too large': 431,
  'head timeout': 408,
  'body too large': 413,
  'body timeout': 408,
  'too many connections': 503,
};

export function answer(body: string, status = 200): HttpAnswer {
  return { status, headers: '', body };
}

/** Starts a server on loopback. Its clock stands still until a test advances it. */
export async function startServer(setup: ServerSetup = {}) {
  const clock = createFakeClock();
  const requests: HttpRequest<number>[] = [];
  const connections: HttpConnection<number>[] = [];
  const limitsHit: HttpLimit[] = [];
  const refusals: HttpRefusal[] = [];
  const failures: unknown[] = [];
  const clients: Socket[] = [];
  let opened = 0;

  const server = createHttpServer<number>({
    limits: { ...LIMITS, ...setup.limits },
    clock,
    heads: createRemembered<RequestHead>({ clock, keepMs: Infinity, most: 8 }),
    hooks: {
      opened() {
        const client = setup.clientOf?.(opened) ?? { group: 'a', name: 'a1' };
        opened += 1;
        return { client, context: opened };
      },
      bodyBytes: (method) => (method === 'PUT' ? 64 : 0),
      request(request) {
        requests.push(request);
        if (!connections.includes(request.connection)) connections.push(request.connection);
        if (setup.request !== undefined) setup.request(request);
        else server.respond(request, answer(request.body === '' ? request.head.target : request.body));
      },
      refused(refusal) {
        refusals.push(refusal);
        return answer('', STATUSES[refusal.kind]);
      },
      limited: (limit) => limitsHit.push(limit),
    },
    failed: (what, error) => failures.push([what, error]),
  });
  const at = setup.at ?? { host: '127.0.0.1', port: 0 };
  const port = await server.listen(at);
  const memory = createMemoryListener();
  await server.listen({}, (own) => memory.bind(own));

  /** A client that reads until it is stopped. */
  function dial(): TestClient {
    const target = at.path === undefined ? { host: at.host ?? '127.0.0.1', port } : { path: at.path };
    const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
    clients.push(socket);
    return createTestClient(socket);
  }

  return {
    clock,
    server,
    port,
    requests,
    limitsHit,
    refusals,
    failures,
    dial,
    /** Connects, and resolves when the server has accepted. */
    async open(): Promise<TestClient> {
      const before = opened;
      const client = dial();
      while (opened === before) await setImmediate();
      return client;
    },
    /** Opens a connection without a kernel: what it sends arrives immediately, before anything else. */
    openInMemory(): MemorySocket {
      const client = createMemorySocket();
      clients.push(client.socket);
      memory.accept(client);
      return client;
    },
    opened: () => opened,
    /** The nth connection that has sent a request. */
    connection(at: number): HttpConnection<number> {
      const connection = connections[at];
      if (connection === undefined) throw new Error(`no connection ${at}`);
      return connection;
    },
    /** Runs turns of the event loop until the server has received this many requests. */
    async received(count: number): Promise<void> {
      while (requests.length < count) await setImmediate();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of clients) socket.destroy();
      await server.close(0);
    },
  };
}

export interface TestClient {
  readonly socket: Socket;
  /** Latin-1 text. */
  readonly send: (text: string) => void;
  /** Ends the client's side. */
  readonly end: (text?: string) => void;
  /** What has arrived so far. Latin-1 text. */
  readonly got: () => string;
  /** Resolves with everything received once it contains this text. */
  readonly gets: (text: string) => Promise<string>;
  /** How the server ended the connection. */
  readonly over: Promise<'ended' | 'reset'>;
}

function createTestClient(socket: Socket): TestClient {
  let got = '';
  const waiting = new Set<() => void>();
  const over = new Promise<'ended' | 'reset'>((resolve) => {
    socket.once('end', () => {
      resolve('ended');
    });
    socket.on('error', () => {
      resolve('reset');
    });
  });
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    got += text;
    for (const look of waiting) look();
  });
  return {
    socket,
    send: (text) => socket.write(text, 'latin1'),
    end: (text = '') => socket.end(text, 'latin1'),
    got: () => got,
    gets: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!got.includes(text)) return;
          waiting.delete(look);
          resolve(got);
        };
        waiting.add(look);
        look();
        void over.then((how) => {
          reject(new Error(`${how} after ${JSON.stringify(got)}`));
        });
      }),
    over,
  };
}

/** Answers without their headers: "200 /path". */
export function summary(got: string): readonly string[] {
  return [...got.matchAll(/HTTP\/1\.1 (\d+) [^]*?\r\n\r\n((?:(?!HTTP\/1\.1)[^])*)/g)].map(
    ([, status = '', body = '']) => `${status} ${body}`.trim(),
  );
}
