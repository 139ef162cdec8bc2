import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { callHeaders, floodOf, frame, hello } from '../strangers/clients/frames.ts';
import { floods } from '../strangers/calls.ts';
import type { Flood } from '../strangers/calls.ts';

const END = 0x5;

/** Writes to a Node.js HTTP/2 server. Resolves when it has answered a PING or closed the connection. */
async function summary(pieces: readonly Buffer[]) {
  const server = createServer();
  const requests: IncomingHttpHeaders[] = [];
  server.on('session', (session: ServerHttp2Session) => session.on('error', () => undefined));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    requests.push(headers);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(Buffer.concat([hello(), ...pieces, frame('PING', 0, 0, Buffer.from('the last'))]));
  let read = '';
  await new Promise((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      read += bytes.toString('latin1');
      if (read.includes('the last')) resolve(undefined);
    });
    socket.once('close', resolve);
  });
  socket.destroy();
  server.close();
  return { requests, isAlive: read.includes('the last') };
}

describe('callHeaders', () => {
  it('Call headers make a request that an HTTP/2 server understands', async () => {
    const { requests } = await summary([frame('HEADERS', END, 1, callHeaders('/a.Service/Method'))]);
    expect(requests).toEqual([
      expect.objectContaining({ ':method': 'POST', ':path': '/a.Service/Method', te: 'trailers' }),
    ]);
  });
});

describe('floodOf', () => {
  it.each(floods.map((flood) => ({ flood })))(
    'A flood of $flood consists of well-formed frames',
    ({ flood }) => {
      const next = floodOf(flood, '/a.Service/Method');
      const bytes = Buffer.concat([next(), next()].flatMap((piece) => piece ?? []));
      const types = typesOf(bytes);
      expect(types.length).toBeGreaterThan(400);
      expect(new Set(types.slice(1))).toEqual(new Set(TYPES[flood]));
    },
  );

  it('Requests with large headers are understood by an HTTP/2 server', async () => {
    const [piece = Buffer.alloc(0)] = [floodOf('large headers', '/a.Service/Method')()];
    const { requests } = await summary([piece.subarray(0, 9 + piece.readUIntBE(0, 3))]);
    expect(requests).toEqual([expect.objectContaining({ 'x-6': 'x'.repeat(1_000) })]);
  });
});

const TYPES: Readonly<Record<Flood, readonly number[]>> = {
  PING: [6],
  SETTINGS: [4],
  PRIORITY: [2],
  WINDOW_UPDATE: [8],
  'rapid reset': [1, 3],
  'empty DATA': [0],
  'large headers': [1],
  CONTINUATION: [9],
  'small requests': [1],
};

function typesOf(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes.readUInt8(at + 3));
  return types;
}
