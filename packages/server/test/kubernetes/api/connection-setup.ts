import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { systemClock } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createConnection } from '../../../src/kubernetes/api/connection.ts';
import type { ApiRequest } from '../../../src/kubernetes/api/connection.ts';
import { readText } from '../../../src/kubernetes/api/lines.ts';
import { kubeConfigFor } from '../setup.ts';

interface SetupOptions {
  readonly listener: RequestListener;
  readonly options?: object;
  readonly clock?: Clock;
  readonly basePath?: string;
  /** Certificate and key: HTTPS. */
  readonly tls?: https.ServerOptions;
}

/** A server with the listener given, and a connection to it. */
export async function serve({
  listener,
  options = {},
  clock = systemClock,
  basePath = '',
  tls,
}: SetupOptions) {
  const server = tls === undefined ? createServer(listener) : https.createServer(tls, listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = createConnection({ kubeConfig: kubeConfigFor(url + basePath, options), clock });
  const request = (more: Partial<ApiRequest> = {}) =>
    connection.request({
      method: 'GET',
      path: '/api/v1/pods',
      signal: new AbortController().signal,
      timeoutMs: 10_000,
      ...more,
    });
  const text = async (more?: Partial<ApiRequest>) => readText((await request(more)).chunks, 10_000);
  return {
    server,
    connection,
    request,
    text,
    async [Symbol.asyncDispose]() {
      connection.close();
      await closed(server);
    },
  };
}

export async function closed(server: Server & { closeAllConnections(): void }): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

/** Responds with the request. */
export const echo: RequestListener = (request, response) => {
  const { method, url, headers } = request;
  request.setEncoding('utf8').on('data', () => undefined);
  response.end(JSON.stringify({ method, url, headers }));
};
