import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClientCredentials, createRolegateClient, watchTlsFiles } from '@rolegate/protocol';
import { silentLog, systemClock } from '@rolegate/runtime';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import { SERVER_NAME } from '../src/identity-flags.ts';
import { eventually, expectLine, setup } from './setup.ts';
import type { Setup } from './setup.ts';

const HOUR_MS = 3_600_000;

describe('Bad peers', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  let folder: string;
  beforeAll(async () => {
    world = opened.use(await setup());
    folder = await mkdtemp(join(tmpdir(), 'rolegate-peers-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  const expectSteady = () =>
    eventually(async () => {
      expect((await world.as('steady/pod').credentials()).status).toBe(200);
    });

  /** The error of a feed that is opened with this certificate. */
  async function feedError(name: string, files: { cert: string; key: string; ca: string }): Promise<string> {
    const paths = await writeTlsFiles(join(folder, name), files);
    const stop = new AbortController();
    const source = watchTlsFiles({
      files: paths,
      purpose: 'client',
      clock: systemClock,
      log: silentLog,
      signal: stop.signal,
    });
    const client = createRolegateClient({
      target: `127.0.0.1:${world.world.serverPorts[0] ?? 0}`,
      credentials: createClientCredentials(source),
      serverName: SERVER_NAME,
    });
    try {
      return await new Promise((resolve) => {
        const call = client.feed();
        call.on('error', (error) => {
          resolve(error.message);
        });
        call.on('data', () => {
          resolve('served');
        });
        call.write({ nodeName: '' });
      });
    } finally {
      stop.abort();
      client.close();
    }
  }

  it('A peer whose certificate names no node is refused as ForeignNode', async () => {
    const { ca } = world.world;
    const error = await feedError('nobody', { ca: ca.pem, ...(await ca.issue({ dns: ['somebody'] })) });
    expect(error).toMatch(/PERMISSION_DENIED: ForeignNode/);
    await expectLine(world.serverLog, { level: 'error', reason: 'ForeignNode', audit: true });
    await expectSteady();
  });

  it('A peer with the certificate of another node is served, and Pods of this node stay served', async () => {
    const { ca } = world.world;
    const uris = ['spiffe://rolegate/node/other-node'];
    expect(await feedError('other', { ca: ca.pem, ...(await ca.issue({ uris })) })).toBe('served');
    await expectSteady();
  });

  it('A peer of another authority is refused in the handshake, which the server logs with a hint', async () => {
    const [stranger, { ca }] = [await createTestCa({ name: 'stranger' }), world.world];
    const uris = ['spiffe://rolegate/node/sandbox-node'];
    const error = await feedError('stranger', { ...(await stranger.issue({ uris })), ca: ca.pem });
    expect(error).toMatch(/UNAVAILABLE/);
    await eventually(() => {
      expect(world.serverLog).toContainEqual(
        expect.objectContaining({
          msg: 'TLS handshake refused',
          error: expect.stringContaining('this server does not trust the authority') as unknown,
          hint: expect.stringContaining('--ca') as unknown,
        }),
      );
    });
    await expectSteady();
  });

  it('An expired certificate is refused by the client that loads it', async () => {
    const { ca } = world.world;
    const uris = ['spiffe://rolegate/node/sandbox-node'];
    const expired = {
      notBefore: new Date(Date.now() - 2 * HOUR_MS),
      notAfter: new Date(Date.now() - HOUR_MS),
    };
    await expect(
      feedError('expired', { ca: ca.pem, ...(await ca.issue({ uris, ...expired })) }),
    ).rejects.toThrow(/expired|ended/);
  });

  it('Peers that send garbage instead of TLS stop no server, and Pods stay served', async () => {
    const port = world.world.serverPorts[0] ?? 0;
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => {
        const socket = connect({ host: '127.0.0.1', port });
        socket.on('error', () => undefined);
        socket.write(Buffer.alloc(2_000, at * 11));
        return new Promise((resolve) => socket.once('close', resolve));
      }),
    );
    expect(world.world.servers.map(({ running }) => running)).toEqual([true, true]);
    await expectSteady();
  });
});
