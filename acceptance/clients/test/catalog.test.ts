import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { allClients } from '../all-clients.ts';

const PROGRAMS = join(import.meta.dirname, '../programs');

it.each(allClients)('The sources of $name are there', ({ files }) => {
  expect(files.filter((file) => !existsSync(join(PROGRAMS, file)))).toEqual([]);
});

/** Debian's version is checked when it is installed, and of a replayed client nothing is installed. */
const pinned = allClients.filter(({ name, replayed }) => !name.includes('Debian') && replayed === undefined);

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

it('The short form has the clients that most Pods use', () => {
  const core = allClients
    .filter((client) => client.core === true)
    .map(({ name }) => name.replace(/ v?\d.*/, ''));
  expect(core).toEqual([
    'boto3',
    'boto3',
    'AWS CLI',
    'awscrt',
    'boto',
    'JavaScript',
    'minio-js',
    'Go',
    'minio-go',
    'Java',
    'Rust aws-config',
    'amazon-ec2-utils',
  ]);
});

const requirements = [
  ...new Set(allClients.flatMap(({ files }) => files.filter((file) => file.endsWith('.txt')))),
];

it.each(requirements)('Each package of %s has a version and the hashes of its files', (file) => {
  const packages = readFileSync(join(PROGRAMS, file), 'utf8')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  expect(packages.length).toBeGreaterThan(0);
  for (const line of packages) expect(line).toMatch(/^[\w.-]+==\S+ +--hash=sha256:[0-9a-f]{64}/);
});

it.each(['go/go.mod', 'js/v3/package.json', 'js/minio/package.json', 'rust/Cargo.toml'])(
  'What %s names is locked by the file beside it',
  (file) => {
    const locks = { 'go.mod': 'go.sum', 'package.json': 'package-lock.json', 'Cargo.toml': 'Cargo.lock' };
    const name = basename(file) as keyof typeof locks;
    expect(existsSync(join(PROGRAMS, dirname(file), locks[name]))).toBe(true);
  },
);
