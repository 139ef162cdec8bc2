import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, Http2Stream, IncomingHttpHeaders } from 'node:http2';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { ClientTls } from '@rolegate/protocol';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReport, AttestRequest, AttestResponseRead, FeedUpdateRead } from '@rolegate/protocol';
import type { FeedCall } from '../../../packages/agent/src/feed/feed-stream.ts';

/** As an agent's channel. Milliseconds. */
const PING_EVERY_MS = 10_000;
const PING_WITHIN_MS = 3_000;
const GRPC_HEADERS = { ':method': 'POST', 'content-type': 'application/grpc+proto', te: 'trailers' };
const PREFIX_BYTES = 5;

export interface AgentConnectionOptions {
  readonly port: number;
  /** The address of the node, in 127.0.0.0/8: servers limit connections by address. */
  readonly from: string;
  readonly serverName: string;
  /** From `prepareTls`. */
  readonly secureContext: SecureContext;
  /** Called when the connection is established, or has failed. */
  readonly attempted?: (() => void) | undefined;
}

/** A gRPC connection over mutual TLS that needs a tenth of a grpc-js channel, so that one process can have thousands. */
export interface AgentConnection {
  readonly feed: () => FeedCall;
  readonly attest: (request: AttestRequest) => Promise<AttestResponseRead>;
  readonly close: () => void;
}

/** Once for each certificate: this takes longer than a connection that is refused. */
export function prepareTls(tls: ClientTls): SecureContext {
  return createSecureContext({ ...tls, minVersion: 'TLSv1.3' });
}

export function connectAgent(options: AgentConnectionOptions): AgentConnection {
  const closed = new AbortController();
  const session = openSession(options, closed.signal);
  // Each request rejects with the same error.
  session.catch(() => undefined);

  async function request(path: string): Promise<ClientHttp2Stream> {
    return (await session).request({ ...GRPC_HEADERS, ':path': path });
  }

  return {
    feed: () => createFeedCall(request(rolegateService.Feed.path)),
    async attest(message) {
      const { path, requestSerialize, responseDeserialize } = rolegateService.Attest;
      const stream = await request(path);
      const answer = new Promise<AttestResponseRead>((resolve, reject) => {
        readMessages(stream, (bytes) => {
          resolve(responseDeserialize(bytes));
        });
        whenOver(stream, (error) => {
          reject(error ?? new Error('the server sent no answer'));
        });
      });
      stream.end(framed(requestSerialize(message)));
      return answer;
    },
    close: () => {
      closed.abort();
    },
  };
}

/** TLS begins when the server has accepted, so that thousands of refused connections leave time for the others. */
async function openSession(
  { port, from, serverName, secureContext, attempted = () => undefined }: AgentConnectionOptions,
  closed: AbortSignal,
): Promise<ClientHttp2Session> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from, signal: closed });
  // The session and its streams report the same error.
  socket.on('error', () => undefined);
  socket.once('close', attempted);
  await once(socket, 'connect');
  const session = connectHttp2(`https://${serverName}`, {
    createConnection: () =>
      connectTls({ socket, servername: serverName, ALPNProtocols: ['h2'], secureContext }),
  });
  session.on('error', () => undefined);
  session.once('connect', attempted);
  session.once('close', keepAlive(session));
  return session;
}

function createFeedCall(opening: Promise<ClientHttp2Stream>): FeedCall {
  const { requestSerialize, responseDeserialize } = rolegateService.Feed;
  const events = new EventEmitter<{ data: [FeedUpdateRead]; error: [Error]; end: [] }>();
  const over = (error: Error | undefined) => {
    if (error === undefined) events.emit('end');
    else if (events.listenerCount('error') > 0) events.emit('error', error);
  };
  const whenOpen = (act: (stream: ClientHttp2Stream) => void) => void opening.then(act, () => undefined);

  opening.then((stream) => {
    readMessages(stream, (bytes) => {
      events.emit('data', responseDeserialize(bytes));
    });
    whenOver(stream, over);
  }, over);
  return {
    write(report: AgentReport) {
      whenOpen((stream) => stream.write(framed(requestSerialize(report))));
      return true;
    },
    end() {
      whenOpen((stream) => stream.end());
    },
    cancel() {
      whenOpen((stream) => {
        stream.close(constants.NGHTTP2_CANCEL);
      });
    },
    on: events.on.bind(events),
  };
}

/** Calls once: with the status that is not OK, or with undefined. */
function whenOver(stream: ClientHttp2Stream, over: (error: Error | undefined) => void): void {
  let fault: Error | undefined;
  const note = (headers: IncomingHttpHeaders) => {
    const status = headers['grpc-status'];
    if (status !== undefined && status !== '0')
      fault ??= new Error(`${String(status)} ${decodeURIComponent(String(headers['grpc-message']))}`);
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('error', (error: Error) => {
    fault ??= error;
  });
  stream.once('close', () => {
    over(fault);
  });
}

/** A gRPC message: its prefix, then its bytes. */
export function framed(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Takes uncompressed messages, each with its prefix, out of the stream. */
export function readMessages(stream: Http2Stream, read: (bytes: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + rest.readUInt32BE(1);
      if (rest.length < end) return;
      read(rest.subarray(PREFIX_BYTES, end));
      rest = rest.subarray(end);
    }
  });
}

function keepAlive(session: ClientHttp2Session): () => void {
  let answered: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (session.destroyed || session.connecting) return;
    answered = setTimeout(() => {
      session.destroy(new Error('the server does not answer pings'));
    }, PING_WITHIN_MS);
    session.ping((error) => {
      if (error === null) clearTimeout(answered);
    });
  }, PING_EVERY_MS);
  return () => {
    clearInterval(timer);
    clearTimeout(answered);
  };
}
