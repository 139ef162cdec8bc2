import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createTestCa } from '@rolegate/testing';

/** What the API server learns of a request. */
export interface Received {
  readonly kind: 'plain' | 'exec';
  readonly host: string | undefined;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly impersonated: string | undefined;
  /** Common name of the client's certificate. */
  readonly client: unknown;
}

/** Appended to the key of a WebSocket's handshake (RFC 6455, 1.3). */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** An API server on loopback with TLS, which lists nothing and runs every program with the output `ok`, or does not answer it. */
export async function startTlsApi({ host = '127.0.0.1', isSilent = false } = {}) {
  const authority = await createTestCa();
  const own = await authority.issue({ dns: ['api.example'], ips: ['127.0.0.1', '::1'] });
  const clients = await createTestCa({ name: 'clients' });
  const received: Received[] = [];
  const receive = (kind: Received['kind'], { headers, url, socket }: IncomingMessage) => {
    const certificate: { subject?: { CN?: unknown } } =
      socket instanceof TLSSocket ? socket.getPeerCertificate() : {};
    received.push({
      kind,
      host: headers.host,
      path: url?.split('?')[0],
      authorization: headers.authorization,
      impersonated: headers['impersonate-user'] as string | undefined,
      client: certificate.subject?.CN,
    });
  };
  const server = createServer(
    { ...own, ca: clients.pem, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      receive('plain', request);
      response.end('{"items":[]}');
    },
  );
  let ended = 0;
  server.on('upgrade', (request, socket) => {
    receive('exec', request);
    // Frames of the client are ignored, a close among them.
    socket.resume().once('end', () => {
      ended += 1;
      socket.destroy();
    });
    if (isSilent) return;
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64');
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Protocol: v5.channel.k8s.io\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(Buffer.concat([frame(1, 'ok'), frame(3, '{"status":"Success"}')]));
  });
  const port = await listen(server, host);
  return {
    port,
    ca: Buffer.from(authority.pem).toString('base64'),
    /** A client certificate and its key, PEM. */
    client: () => clients.issue({ usages: ['client'] }),
    received,
    /** Connections of programs that the client has ended. */
    ended: () => ended,
    [Symbol.asyncDispose]: () => close(server),
  };
}

/** An HTTP proxy that connects everything to one port on loopback, whatever its name. */
export async function startProxy(port: number) {
  const asked: { target: string | undefined; authorization: string | undefined }[] = [];
  const server = createHttpServer();
  server.on('connect', ({ url, headers }, socket: Socket) => {
    asked.push({ target: url, authorization: headers['proxy-authorization'] });
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const each of [socket, upstream]) each.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
  });
  return {
    address: `127.0.0.1:${await listen(server, '127.0.0.1')}`,
    asked,
    [Symbol.asyncDispose]: () => close(server),
  };
}

/** A binary message of a channel of pods/exec, as servers send it: not masked and, here, short. */
function frame(channel: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([0x82, text.length + 1, channel]), Buffer.from(text)]);
}

const sockets = new WeakMap<Server, Set<Socket>>();

async function listen(server: Server, host: string): Promise<number> {
  const open = new Set<Socket>();
  sockets.set(server, open);
  server.on('connection', (socket: Socket) => open.add(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  for (const socket of sockets.get(server) ?? []) socket.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
