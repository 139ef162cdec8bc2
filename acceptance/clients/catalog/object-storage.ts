import { join } from 'node:path';
import { IPV6_ENDPOINT } from '../client.ts';
import type { Client } from '../client.ts';
import { debianPackages } from './debian.ts';
import { javaClient } from './java.ts';
import { pythonClient } from './python.ts';

/** Programs that only speak to S3. The stand-in's objects say who reads them. */

const COMMAND = 'python/command.py';
type Facts = Partial<Client>;

function pythonReader(name: string, tool: string, facts: Facts = {}): Client {
  const client = pythonClient(name, { script: `${tool}_client.py`, requirements: tool, ...facts });
  return { ...client, files: [...client.files, COMMAND] };
}

/** Runs a command. */
function commandClient(tool: string, client: Facts & Pick<Client, 'name' | 'download'>): Client {
  const script = `${tool}_client.py`;
  return {
    ...client,
    files: [`tools/${script}`, 'python/ask.py', COMMAND, ...(client.files ?? [])],
    program: (folder) => ['python3', join(folder, script)],
  };
}

/** Built from its module, with the versions of go.sum. */
function goCommand(name: string, tool: string, { target, ...facts }: Facts & { target: string }): Client {
  const own = target === '.' ? ['main.go'] : [];
  return commandClient(tool, {
    name,
    ...facts,
    files: ['go.mod', 'go.sum', ...own].map((file) => `go/${tool}/${file}`),
    download: [['go', 'list', '-deps', target]],
    build: [['go', 'build', '-o', 'client', target]],
  });
}

function debianCommand(tool: string, version: string, facts: Facts = {}): Client {
  return commandClient(tool, {
    name: `${tool} ${version} (Debian 12)`,
    ...facts,
    download: debianPackages({ [tool]: version }),
  });
}

export const objectStorageClients: readonly Client[] = [
  pythonReader('C++ 1.11.771 (ClickHouse 26.9, chdb 4.4.0)', 'chdb', {
    hurried: true,
    needsLongSessions: 'it keeps credentials for five minutes, whatever their end',
  }),
  pythonReader('C++ 1.11.702 (DuckDB 1.5.5)', 'duckdb', { asksAgain: true }),
  pythonReader('GDAL 3.12.4 (pyogrio 0.13.0)', 'gdal'),
  pythonReader('object_store (Polars 2.1.0)', 'polars', { patient: true }),
  pythonReader('OpenDAL 0.47.12', 'opendal', {
    fallsBack: true,
    needsLongSessions: 'it refuses credentials that end so soon',
  }),
  pythonReader('s3cmd 2.4.0', 's3cmd', { withoutContainer: true }),
  goCommand('rclone 1.76.0', 'rclone', { target: '.', asksAgain: true, ipv6: IPV6_ENDPOINT }),
  goCommand('restic 0.18.1', 'restic', { target: 'github.com/restic/restic/cmd/restic' }),
  // It asks for its roles before it asks for a token, and then gives up.
  debianCommand('s3fs', '1.90', { patient: true, imdsv1: true, withoutContainer: true }),
  debianCommand('pgbackrest', '2.45', { patient: true, withoutContainer: true }),
  javaClient('Hadoop S3A 3.5.0', 's3a', { fallsBack: true }),
];
