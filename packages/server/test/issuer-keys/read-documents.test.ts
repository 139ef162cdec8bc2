import { expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { createReadDocuments } from '../../src/issuer-keys/read-documents.ts';
import { serve } from '../kubernetes/api/connection-setup.ts';
import { startApi } from '../kubernetes/setup.ts';

const signal = new AbortController().signal;

it('The issuer and its keys are read from the API server itself', async () => {
  await using world = await startApi({ clock: systemClock });
  const { api, connection } = world;
  const keys = [api.issuer.addKey('RS256'), api.issuer.addKey('ES256')];
  const documents = await createReadDocuments(connection)(signal);
  expect(documents.issuer).toBe(api.issuer.url);
  expect([...documents.keys.values()]).toEqual(keys.map(({ id, publicKey }) => ({ id, publicKey })));
});

it('Without the right to read the keys, the error names the right', async () => {
  await using world = await startApi({ clock: systemClock });
  world.api.issuer.granted = false;
  await expect(createReadDocuments(world.connection)(signal)).rejects.toThrow(
    /the right to get \/(openid\/v1\/jwks|\.well-known\/openid-configuration) with a ClusterRole/,
  );
});

it('No more than 256 KiB of a document are read', async () => {
  await using api = await serve({
    listener(_request, response) {
      response.write('{"keys":[');
      const more = setInterval(() => response.write(' '.repeat(64 * 1024)), 1);
      response.once('close', () => {
        clearInterval(more);
      });
    },
  });
  await expect(createReadDocuments(api.connection)(signal)).rejects.toThrow('not valid JSON, or too long');
});
