import { join } from 'node:path';
import type { Client } from '../client.ts';

function javascriptClient(name: string, folder: 'v2' | 'v3', quick = false): Client {
  return {
    name,
    quick,
    files: ['client.mjs', 'package.json', 'package-lock.json']
      .map((file) => `js/${folder}/${file}`)
      .concat('js/ask.mjs'),
    download: [['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']],
    program: (installed) => [process.execPath, join(installed, 'client.mjs')],
  };
}

export const javascriptClients: readonly Client[] = [
  javascriptClient('JavaScript v3 3.1177.0', 'v3', true),
  javascriptClient('JavaScript v2 2.1693.0', 'v2'),
];
