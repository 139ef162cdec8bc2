import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createStsRequestHandler } from '../../../src/credentials/sts/request-handler.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

async function setup(listener: RequestListener, { timeoutMs = 2_000, host = '127.0.0.1' } = {}) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const handler = createStsRequestHandler({ timeoutMs, maxSockets: 2 });
  closing.push(
    () => {
      server.close();
      server.closeAllConnections();
    },
    () => {
      handler.destroy();
    },
  );
  const { port } = server.address() as AddressInfo;
  const ask = (hostname = host) =>
    handler.handle({
      protocol: 'http:',
      hostname,
      port,
      path: '/',
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'hello',
    });
  return { ask, handler };
}

describe('STS request handler', () => {
  it('The handler returns status, headers and body', async () => {
    const { ask } = await setup((request, response) => {
      request.on('data', (part: Buffer) =>
        response.writeHead(418, { 'x-a': 'b' }).end(`${part.toString()} there`),
      );
    });
    const { response } = await ask();
    expect(response).toMatchObject({ statusCode: 418, headers: { 'x-a': 'b' } });
    expect(response.body.toString()).toBe('hello there');
  });

  it('The handler reaches an IPv6 endpoint, which the SDK writes in brackets', async () => {
    const { ask } = await setup((_, response) => response.end('six'), { host: '::1' });
    expect((await ask('[::1]')).response.body.toString()).toBe('six');
  });

  it('The handler gives up on a response that does not end', async () => {
    const { ask } = await setup((_, response) => response.write('never'), { timeoutMs: 50 });
    await expect(ask()).rejects.toThrow();
  });

  it('The handler gives up on a truncated response', async () => {
    const { ask } = await setup((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('short', () => response.socket?.destroy());
    });
    await expect(ask()).rejects.toThrow();
  });

  it('The handler gives up on a response that is too long', async () => {
    const { ask } = await setup((_, response) => response.end(Buffer.alloc(1024 * 1024)));
    await expect(ask()).rejects.toThrow('too long');
  });

  it('The handler ends open requests when it is destroyed', async () => {
    let seen = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (seen = resolve));
    const { ask, handler } = await setup(() => {
      seen();
    });
    const waiting = ask();
    waiting.catch(() => undefined);
    await arrived;
    handler.destroy();
    await expect(waiting).rejects.toThrow();
  });
});
