import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { serveCalls } from '../../processes/serve-calls.ts';

/** A copy of an answer of the agent. */
export interface StaticAnswer {
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: string;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const calls = {
  /** Starts a node:http server that always sends the same answer, and returns its port. Node writes strings faster than bytes. */
  bare({ headers, body }: StaticAnswer): Promise<number> {
    return listen(
      createServer((_request, response) => {
        response.sendDate = headers.includes('Date');
        response.writeHead(200, [...headers]);
        response.end(body);
      }),
    );
  },
  /** Starts a server that answers each packet with the same bytes, the fastest possible in Node.js, and returns its port. */
  raw({ headers, body }: StaticAnswer): Promise<number> {
    const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1] ?? ''}`] : []));
    const bytes = Buffer.from(['HTTP/1.1 200 OK', ...lines, '', body].join('\r\n'));
    return listen(
      createRawServer({ noDelay: true }, (socket) => {
        socket.on('data', () => socket.write(bytes)).on('error', () => socket.destroy());
      }),
    );
  },
};
export type BareCalls = typeof calls;
serveCalls(calls);
