import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '@rolegate/testing';
import { tryCredentials, tryPort } from '../../src/self-test/try-metadata.ts';

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server on a free loopback port. */
async function answering(status: number, body: string): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const at = (port: number) => tryCredentials('127.0.0.1', port);

describe('Credentials attempt', () => {
  it('A refusal of the agent is recognized', async () => {
    const body = JSON.stringify({ Code: 'HeldTimeout', Message: 'm', message: 'm', requestId: 'r' });
    expect(await at(await answering(503, body))).toEqual({ kind: 'agent', status: 503 });
  });

  it.each([
    [200, 'node-role'],
    [401, '<html>Unauthorized</html>'],
    [200, '{"Code":"Success","AccessKeyId":"ASIA"}'],
    [404, ''],
    [200, 'null'],
  ])("An answer of %i %s is recognized as a stranger's", async (status, body) => {
    expect(await at(await answering(status, body))).toEqual({ kind: 'other', status });
  });

  it('An attempt is refused if nothing listens', async () => {
    expect(await at(await freePort())).toEqual({ kind: 'refused', how: 'ECONNREFUSED' });
  });
});

describe('Port attempt', () => {
  it('An open port is told from one that refuses', async () => {
    expect(await tryPort('127.0.0.1', await answering(200, ''))).toEqual({ kind: 'open' });
    expect(await tryPort('127.0.0.1', await freePort())).toMatchObject({ kind: 'refused' });
  });
});
