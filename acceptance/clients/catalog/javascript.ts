import { join } from 'node:path';
import { IPV6_MODE } from '../client.ts';
import type { Client } from '../client.ts';

function javascriptClient(name: string, folder: 'v2' | 'v3' | 'minio', facts: Partial<Client>): Client {
  return {
    name,
    ...facts,
    files: ['client.mjs', 'package.json', 'package-lock.json']
      .map((file) => `js/${folder}/${file}`)
      .concat('js/ask.mjs'),
    download: [['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']],
    program: (installed) => [process.execPath, join(installed, 'client.mjs')],
  };
}

export const javascriptClients: readonly Client[] = [
  javascriptClient('JavaScript v3 3.1177.0', 'v3', {
    crowd: true,
    core: true,
    asksRegion: true,
    ipv6: IPV6_MODE,
  }),
  javascriptClient('JavaScript v2 2.1693.0', 'v2', {
    asksAgain: true,
    needsLongSessions:
      'it takes credentials for expired 15 s before their end, and does not settle its promise then',
    fallsBack: true,
    asksRegion: true,
    ipv6: IPV6_MODE,
  }),
  // It reads the token for container credentials from a variable only, not from a file.
  javascriptClient('minio-js 8.0.7', 'minio', {
    core: true,
    withoutContainer: true,
    misreads: 'its provider looks for AccessKeyID, which EC2 spells AccessKeyId',
  }),
];
