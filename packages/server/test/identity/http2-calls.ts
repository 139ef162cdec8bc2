import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, Settings } from 'node:http2';
import type { ClientTls } from '@rolegate/protocol';

/** A call in plain HTTP/2, which can send what no gRPC client does. */
export interface Http2Call {
  readonly write: (bytes: Buffer) => void;
  readonly end: () => void;
  /** The server has ended the stream, whatever this side does. */
  readonly closed: () => boolean;
  /** grpc-status, '' if there is none. */
  readonly status: () => string;
}

export interface Http2Calls {
  readonly open: (method?: 'Feed' | 'Resolve') => Http2Call;
  /** The server has ended the connection. */
  readonly over: () => boolean;
  readonly close: () => void;
}

/** One connection with this many calls. */
export function http2Calls(port: number, tls: ClientTls, settings: Settings = {}): Http2Calls {
  const session = connect(`https://127.0.0.1:${port}`, { ...tls, settings, servername: 'rolegate-server' });
  session.on('error', () => undefined);
  return {
    open: (method = 'Feed') => openOn(session, method),
    over: () => session.destroyed,
    close: () => {
      session.destroy();
    },
  };
}

/** A message's head says its length; the message may be shorter. */
export function framed(length: number, message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

function openOn(session: ClientHttp2Session, method: string): Http2Call {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/rolegate.v1.Rolegate/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let status = '';
  let closed = false;
  for (const event of ['response', 'trailers'] as const)
    stream.on(event, (headers: IncomingHttpHeaders) => {
      status = String(headers['grpc-status'] ?? status);
    });
  stream.on('error', () => undefined);
  stream.on('close', () => (closed = true));
  stream.resume();
  return {
    write: (bytes) => void stream.write(bytes),
    end: () => {
      stream.end();
    },
    closed: () => closed,
    status: () => status,
  };
}
