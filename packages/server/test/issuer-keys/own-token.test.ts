import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createIssuerKey, issueServiceAccountToken } from '@rolegate/testing';
import { readOwnToken } from '../../src/issuer-keys/own-token.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function read(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'own-token-'));
  folders.push(folder);
  await writeFile(join(folder, 'token'), text);
  return readOwnToken(join(folder, 'token'));
}

it.each([{ aud: ['https://api.example'] }, { aud: 'https://api.example' }])(
  "The server's own token names the issuer and the audiences of the API server ($aud)",
  async ({ aud }) => {
    const token = issueServiceAccountToken({ iss: 'https://second.example', aud }, createIssuerKey());
    expect(await read(token)).toEqual({
      issuer: 'https://second.example',
      audiences: ['https://api.example'],
    });
  },
);

it.each(['', 'x', 'a.b.c', 'a.bnVsbA.c', 'a.eyJpc3MiOiIifQ.c'])(
  'The text %j is not a ServiceAccount token, so it names no issuer',
  async (text) => {
    expect(await read(text)).toBeUndefined();
  },
);

it('Outside a Pod there is no token', () => {
  expect(readOwnToken('/nonexistent/token')).toBeUndefined();
});
