import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { connect as connectTcp, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

/** Where an attacker connects, and from which address of 127.0.0.0/8. */
export interface From {
  readonly port: number;
  readonly localAddress: string;
}

/** A silent connection that is accepted, or closed immediately. */
export async function silentTcp({ port, localAddress }: From): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined).resume();
  await eitherOf(socket, ['connect', 'close']);
  return socket;
}

/** Of TLS without a certificate. */
function bare(from: From): ConnectionOptions {
  return {
    host: '127.0.0.1',
    ...from,
    servername: 'rolegate-server',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  };
}

/** TLS without a certificate; resolves once the handshake is done or refused. */
export async function bareTls(from: From, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ ...bare(from), ...more });
  socket.on('error', () => undefined).resume();
  await eitherOf(socket, ['secureConnect', 'close']);
  return socket;
}

/** Like `once` of node:events, but ignores errors. */
function eitherOf(socket: Socket, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    for (const event of events)
      socket.once(event, () => {
        resolve();
      });
  });
}

/** Only the first part of a handshake. */
export async function halfOpenTls(from: From): Promise<Socket> {
  const hello = await clientHello();
  const socket = await silentTcp(from);
  socket.write(hello);
  return socket;
}

/** As OpenSSL sends it, to a listener that only keeps it. */
async function clientHello(): Promise<Buffer> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const client = connectTls({ host: '127.0.0.1', port, servername: 'rolegate-server' });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  client.destroy();
  server.close();
  return hello;
}

/** An HTTP/2 session without a certificate. */
export function bareSession(from: From): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${from.port}`, {
    createConnection: () => connectTls(bare(from)).on('error', () => undefined),
  });
  session.on('error', () => undefined);
  return session;
}

/** A call that is never complete: `sent` bytes of `announced` are sent. */
export function unfinishedCall(
  session: ClientHttp2Session,
  path: string,
  { announced, sent }: { announced: number; sent: number },
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined).resume();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(announced, 1);
  stream.write(Buffer.concat([head, Buffer.alloc(sent)]));
  return stream;
}

/** The beginning of an HTTP/2 connection, and so many WINDOW_UPDATE frames (RFC 9113, 6.9), which no flow control holds back. */
export function smallFrames(count: number): Buffer {
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const update = Buffer.from([0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    settings,
    ...Array.from({ length: count }, () => update),
  ]);
}

/** The number of these that are still open. */
export function openOf(sockets: readonly Socket[]): number {
  return sockets.filter(({ closed }) => !closed).length;
}
