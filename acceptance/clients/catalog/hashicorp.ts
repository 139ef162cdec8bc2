import { join } from 'node:path';
import { IPV6_MODE } from '../client.ts';
import type { Client } from '../client.ts';

function hashicorpClient(name: string, folder: string, facts: Partial<Client> = {}): Client {
  return {
    name,
    asksAgain: true,
    crowd: true,
    ipv6: IPV6_MODE,
    ...facts,
    files: ['go.mod', 'go.sum'].map((file) => `go/hashicorp/${file}`).concat('go/ask/', `go/${folder}/`),
    download: [['go', 'list', '-deps', `./${folder}`]],
    build: [['go', 'build', '-o', 'client', `./${folder}`]],
    program: (built) => [join(built, 'client')],
  };
}

/** What Terraform and Vault put around the SDK for Go, with the release of it that they ask for. */
export const hashicorpClients: readonly Client[] = [
  hashicorpClient('aws-sdk-go-base 2.0.0-beta.74 (Terraform)', 'awsbase'),
  hashicorpClient('awsutil 2.1.2 (Vault)', 'awsutil', { asksRegion: true }),
];
