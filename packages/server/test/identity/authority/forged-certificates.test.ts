import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ClientTls } from '@rolegate/protocol';
import { eventually } from '@rolegate/testing';
import { activeOf } from '../../../src/identity/authority/authorities.ts';
import { readShared } from '../../../src/identity/authority/secret.ts';
import { signLeaf } from '../../../src/identity/authority/certificates.ts';
import { openFeed, PATIENCE, startAttestedServer } from '../attested-server.ts';
import type { AttestedServer } from '../attested-server.ts';
import { DAY_MS, HOUR_MS } from './setup.ts';

/** What a thief of the authority's key signs for node-a and its agent's Pod. */
async function forge(server: AttestedServer, lifeMs: number): Promise<Required<ClientTls>> {
  const secret = server.api.get('Secret', 'rolegate', 'rolegate-authority');
  const values = Object.entries(secret?.['data'] as Readonly<Record<string, string>>).map(
    ([key, value]): [string, string] => [key, Buffer.from(value, 'base64').toString()],
  );
  const nowMs = Date.now();
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pod = server.api.get('Pod', 'rolegate', 'agent-node-a')?.metadata as { uid: string };
  const cert = await signLeaf({
    issuer: activeOf(readShared(Object.fromEntries(values), nowMs).authorities),
    subject: 'rolegate-agent',
    purpose: 'client',
    names: ['spiffe://rolegate/node/node-a', `urn:rolegate:pod:${pod.uid}`].map((value) => ({
      type: 'url',
      value,
    })),
    publicKey,
    nowMs,
    lifeMs,
  });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { ca: Buffer.from(server.bundle()), cert: Buffer.from(cert), key: Buffer.from(key) };
}

it('A certificate of 300 days that was signed with the key of the authority gets no feed, and is audited', async () => {
  await using server = await startAttestedServer();
  server.start();
  await server.ready();
  // A forgery as short-lived as a server's certificate works, which is why a stolen authority must be withdrawn.
  const short = openFeed(server.client(await forge(server, HOUR_MS)), { nodeName: 'node-a' });
  await short.synced();
  const long = openFeed(server.client(await forge(server, 300 * DAY_MS)), { nodeName: 'node-a' });
  expect(await Promise.race([long.ended, long.synced().then(() => 'synced')])).toMatch(
    /lives longer .* than any that a server issues/,
  );
  expect(long.pods()).toEqual([]);
  await eventually(() => {
    expect(server.audits()).toContainEqual(
      expect.objectContaining({
        reason: 'ForeignNode',
        error: expect.stringContaining('spiffe://rolegate/node/node-a') as unknown,
      }),
    );
  }, PATIENCE);
}, 60_000);
