import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { createHttpServer, systemClock } from '@rolegate/runtime';
import type { HttpLimits } from '@rolegate/runtime';
import { createMemoryListener, createMemorySocket } from './memory-socket.ts';

/** A request as a server understood it. */
export interface Accepted {
  readonly method: string;
  readonly target: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  /** Latin-1 text. Undefined if it was not read. */
  readonly body: string | undefined;
}

/** Makes requests from what arrives on one connection and answers each immediately. Pieces are Latin-1 text. */
export type Accept = (pieces: readonly string[]) => Promise<readonly Accepted[]>;

const LIMITS: HttpLimits = {
  places: { perClient: 1_000, total: 1_000, spared: 0 },
  headBytes: 16_384,
  headMs: 60_000,
  bodyMs: 60_000,
  behindBytes: 16_384,
  keepAliveMs: 60_000,
  answerMs: 60_000,
};
const BODY_BYTES = 4_096;

/** As in the metadata API, only PUT has a body that is read. POST is added as a second method. */
function bodyBytes(method: string): number {
  return method === 'PUT' || method === 'POST' ? BODY_BYTES : 0;
}

/** Requests accepted by the tested server. */
export async function createOurs(): Promise<Accept> {
  const taken = new WeakMap<object, Accepted[]>();
  const listener = createMemoryListener();
  const server = createHttpServer<undefined>({
    limits: LIMITS,
    clock: systemClock,
    hooks: {
      opened: ({ ip }) => ({ client: { group: ip, name: ip }, context: undefined }),
      bodyBytes,
      request(request) {
        const { head, body, connection } = request;
        const isRead = bodyBytes(head.method) > 0 || head.framing.kind === 'none';
        taken.get(connection.socket)?.push({
          method: head.method,
          target: head.target,
          headers: head.headers,
          body: isRead ? body : undefined,
        });
        server.respond(request, { status: 200, headers: '', body: '' });
      },
      refused: () => ({ status: 400, headers: '', body: '' }),
      limited: () => undefined,
    },
    failed: (_what, error) => {
      throw error;
    },
  });
  await server.listen({}, (own) => listener.bind(own));
  return async (pieces) => {
    const client = createMemorySocket();
    const requests: Accepted[] = [];
    taken.set(client.socket, requests);
    listener.accept(client);
    for (const piece of pieces) {
      client.send(piece);
      await setImmediate();
    }
    client.end();
    await client.closed;
    return requests;
  };
}

/** Requests accepted by Node's server with its strict default. */
export function createTheirs(): Accept {
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: 16_384,
  });
  const taken = new WeakMap<object, (() => Accepted)[]>();
  const take = (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('error', () => undefined);
    taken.get(request.socket)?.push(() => ({
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.rawHeaders,
      body,
    }));
    // Only when its body has arrived, because an answer that ends the connection would cut it off.
    request.on('end', () => response.writeHead(200, { 'content-length': 0 }).end());
  };
  server.on('request', take);
  server.on('checkExpectation', take);
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    take(request, response);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return async (pieces) => {
    const client = createMemorySocket();
    const requests: (() => Accepted)[] = [];
    taken.set(client.socket, requests);
    server.emit('connection', client.socket);
    for (const piece of pieces) {
      client.send(piece);
      await setImmediate();
    }
    await setImmediate();
    await setImmediate();
    const all = requests.map((request) => request());
    client.socket.destroy();
    await client.closed;
    return all;
  };
}
