import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allClients } from '../all-clients.ts';

const PROGRAMS = join(import.meta.dirname, '../programs');

it.each(allClients)('The sources of $name are there', ({ files }) => {
  expect(files.filter((file) => !existsSync(join(PROGRAMS, file)))).toEqual([]);
});

/** Debian's version is checked when it is installed. */
const pinned = allClients.filter(({ name }) => !name.includes('Debian'));

it.each(pinned)('The version in the name of $name is the one that is installed', ({ name, files }) => {
  const pins = files
    .filter((file) => /\.(txt|json|xml|mod|toml)$/.test(file))
    .map((file) => readFileSync(join(PROGRAMS, file), 'utf8'));
  const versions = name.match(/\d+\.\d+\.\d+/g) ?? [];
  expect(versions.filter((version) => pins.some((pin) => pin.includes(version)))).not.toEqual([]);
});

it('No two clients have the same name', () => {
  expect(new Set(allClients.map(({ name }) => name)).size).toBe(allClients.length);
});
