import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';

/** Beyond this the headers are answered 431. Bytes. */
const MOST_HEADER_BYTES = 16_384;
/** SDKs send their headers in one packet; what is not whole by then is answered 408. Milliseconds. */
const HEADERS_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** How often the two above are looked at. Milliseconds. */
const CHECK_MS = 500;
const KEEP_ALIVE_MS = 5_000;
/** A client that neither sends nor reads is let go. Longer than any hold. Milliseconds. */
const SILENCE_MS = 15_000;

/** What a listener tells. */
export interface HttpEvents {
  readonly accept: (socket: Socket) => void;
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  readonly unparsed: (error: Error, socket: Socket) => void;
}

export interface ListenHttpOptions extends HttpEvents {
  readonly address: string;
  readonly port: number;
  readonly log: Log;
}

/** A node:http server as strict and impatient as the metadata API allows. Rejects where the address is not free. */
export async function listenHttp(options: ListenHttpOptions): Promise<Server> {
  const { address, port, accept, request, unparsed, log } = options;
  const server = createServer({
    // HTTP/1.1 without a Host header is answered, as by real metadata.
    requireHostHeader: false,
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.timeout = SILENCE_MS;
  server.on('connection', accept);
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, request);
  server.on('clientError', unparsed);
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // node:http has let go of this socket.
    socket.on('error', () => socket.destroy());
    unparsed(Object.assign(new Error('CONNECT is not spoken here'), { code: 'HPE_CONNECT' }), socket);
  });
  await listening(server, address, port);
  // e.g. no descriptor left for a new connection: those that are open go on.
  server.on('error', (error) => {
    log.error('metadata listener failed', { error: describeError(error) });
  });
  return server;
}

/**
 * Listens no more; resolves when the last connection has ended. node:http closes those that wait for a further request, and
 * leaves those that have sent none yet: what was accepted is answered.
 */
export function closeHttp(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

function listening(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
