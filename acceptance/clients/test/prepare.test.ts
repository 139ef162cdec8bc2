import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skipped } from '@rolegate/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Client } from '../client.ts';
import { clientsFolder, prepareClient } from '../prepare.ts';
import { client } from './trials.ts';

let cache = '';

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'clients-'));
});

afterEach(async () => {
  await rm(cache, { recursive: true, force: true });
});

const count: Client = {
  ...client,
  name: 'SDK 1.0.0 (a package)',
  files: ['python/ask.py', 'go/ask/'],
  download: [['sh', '-c', 'echo downloaded >>../log']],
};

it('A client is copied and installed once, and not again as long as nothing of it changes', async () => {
  const folder = await prepareClient(count, cache);
  expect(existsSync(join(folder, 'ask.py'))).toBe(true);
  expect(existsSync(join(folder, 'ask/ask.go'))).toBe(true);
  expect(await prepareClient(count, cache)).toBe(folder);
  const changed = await prepareClient({ ...count, build: [['true']] }, cache);
  expect(changed).not.toBe(folder);
  expect(readFileSync(join(cache, 'log'), 'utf8')).toBe('downloaded\ndownloaded\n');
});

it('A client whose packages cannot be downloaded is skipped, and tried again in the next run', async () => {
  const missing = { ...count, download: [['sh', '-c', 'echo no route to the registry >&2; exit 1']] };
  await expect(prepareClient(missing, cache)).rejects.toThrow(Skipped);
  await expect(prepareClient(missing, cache)).rejects.toThrow('no route to the registry');
});

it('A client whose tool is not on this machine is skipped', async () => {
  await expect(prepareClient({ ...count, download: [['no-such-tool']] }, cache)).rejects.toThrow(Skipped);
});

it('A client that cannot be built is a failure', async () => {
  const broken = prepareClient({ ...count, build: [['false']] }, cache);
  await expect(broken).rejects.toThrow('false');
  await expect(broken).rejects.not.toThrow(Skipped);
});

it("The clients are installed in the user's cache", () => {
  expect(clientsFolder({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/rolegate-clients');
  expect(clientsFolder({})).toMatch(/\/\.cache\/rolegate-clients$/);
});
