import { join } from 'node:path';
import type { Client } from '../client.ts';

function javascriptClient(
  name: string,
  folder: 'v2' | 'v3',
  rest: Pick<Client, 'quick' | 'fallsBack'>,
): Client {
  return {
    name,
    ...rest,
    files: ['client.mjs', 'package.json', 'package-lock.json']
      .map((file) => `js/${folder}/${file}`)
      .concat('js/ask.mjs'),
    download: [['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']],
    program: (installed) => [process.execPath, join(installed, 'client.mjs')],
  };
}

export const javascriptClients: readonly Client[] = [
  javascriptClient('JavaScript v3 3.1177.0', 'v3', { quick: true }),
  javascriptClient('JavaScript v2 2.1693.0', 'v2', { fallsBack: true }),
];
