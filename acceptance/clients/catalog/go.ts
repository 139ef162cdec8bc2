import { join } from 'node:path';
import type { Client } from '../client.ts';

/** One module for all: each build downloads only what its program imports. */
function goClient(name: string, folder: string, quick = false): Client {
  return {
    name,
    quick,
    files: ['go/go.mod', 'go/go.sum', 'go/ask/', `go/${folder}/`],
    download: [['go', 'list', '-deps', `./${folder}`]],
    build: [['go', 'build', '-o', 'client', `./${folder}`]],
    program: (built) => [join(built, 'client')],
  };
}

export const goClients: readonly Client[] = [
  goClient('Go v2 config 1.33.18', 'v2', true),
  goClient('Go v1 1.55.8', 'v1'),
  goClient('minio-go 7.4.1', 'minio'),
];
