import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describeError, stopListening } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

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

/** Who asks again within this is told with the answer that the connection ends, and loses no request by it. Milliseconds. */
const LAST_REQUEST_MS = 1_000;

/**
 * Connections that wait to be accepted. Past it the kernel drops the attempts of all Pods, and each comes again only after the
 * second in which SDKs give up; Node's own 511 is what one Pod opens in a blink. The kernel caps it (net.core.somaxconn).
 */
const BACKLOG = 4_096;

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

/**
 * A node:http server as strict and impatient as the metadata API allows. Other agents of the node may listen beside it; rejects
 * where the address is held by somebody who does not share it.
 */
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
 * Listens no more; resolves when the last connection has ended. Those that wait for a further request get a while for it. Those
 * that have sent none yet are left alone: what was accepted is answered.
 */
export async function closeHttp(server: Server, clock: Pick<Clock, 'schedule'>): Promise<void> {
  const over = new Promise<void>((resolve) => {
    server.once('close', resolve);
  });
  if (!server.listening) return;
  await stopListening(server);
  const cancel = clock.schedule(LAST_REQUEST_MS, () => {
    // After the next look at all connections: what has come by then is answered.
    setImmediate(() => {
      server.closeIdleConnections();
    });
  });
  await over;
  cancel();
  server.close(); // what http keeps beside its connections
}

function listening(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, reusePort: true, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
