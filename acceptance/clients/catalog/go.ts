import { join } from 'node:path';
import { IPV6_MODE } from '../client.ts';
import type { Client } from '../client.ts';

interface GoClient extends Partial<Client> {
  /** Folder of go.mod, for all programs with the same releases: each build downloads only what its program imports. */
  readonly module?: string;
}

export function goClient(name: string, folder: string, { module = 'go', ...facts }: GoClient = {}): Client {
  return {
    name,
    crowd: true,
    ...facts,
    files: [`${module}/go.mod`, `${module}/go.sum`, 'go/ask/', `go/${folder}/`],
    download: [['go', 'list', '-deps', `./${folder}`]],
    build: [['go', 'build', '-o', 'client', `./${folder}`]],
    program: (built) => [join(built, 'client')],
  };
}

/** The SDKs wait for half a second, and ask three times. */
const sdk = { asksAgain: true, asksRegion: true } as const;

export const goClients: readonly Client[] = [
  goClient('Go v2 config 1.33.18', 'v2', { core: true, ipv6: IPV6_MODE, ...sdk }),
  goClient('Go v1 1.55.8', 'v1', { ipv6: IPV6_MODE, ...sdk }),
  goClient('minio-go 7.4.1', 'minio', { core: true }),
];
