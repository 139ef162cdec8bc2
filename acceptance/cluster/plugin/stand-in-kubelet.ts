import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createTestCa } from '@rolegate/testing';

/** The part of a kubelet that serves pods/log. It runs no programs, so that pods/exec fails once it is authorized. */
export interface StandInKubelet extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
}

/** `log` returns the text of every container's log. */
export async function startStandInKubelet(log: () => string): Promise<StandInKubelet> {
  const ca = await createTestCa();
  const server = createServer(await ca.issue({ ips: ['127.0.0.1'] }), (request, response) => {
    const isLog = (request.url ?? '').startsWith('/containerLogs/');
    response.writeHead(isLog ? 200 : 404).end(isLog ? log() : 'this is not a kubelet');
  });
  // A WebSocket or SPDY upgrade is exec.
  server.on('upgrade', (_request, socket) => {
    // The server does not close what it has handed over.
    socket.end('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n', () => {
      socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
