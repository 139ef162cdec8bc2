import { join } from 'node:path';
import type { Client } from '../client.ts';

function replayedClient(
  name: string,
  sequence: string,
  replayed: string,
  facts: Partial<Client> = {},
): Client {
  return {
    name,
    replayed,
    asksAgain: true,
    crowd: true,
    withoutContainer: true,
    ...facts,
    files: ['client.mjs', 'requests.mjs', 'sequences.mjs']
      .map((file) => `replay/${file}`)
      .concat('js/ask.mjs'),
    download: [],
    program: (folder) => [process.execPath, join(folder, 'client.mjs'), sequence],
  };
}

/** Clients of registries that are not reached from here: their requests, time-outs and retries. */
export const replayedClients: readonly Client[] = [
  replayedClient('.NET 3.7', 'dotnet', 'aws/aws-sdk-net: sdk/src/Core/Amazon.Util/EC2InstanceMetadata.cs', {
    patient: true,
  }),
  replayedClient('PHP 3', 'php', 'aws/aws-sdk-php: src/Credentials/InstanceProfileProvider.php'),
  replayedClient('Kotlin 1', 'kotlin', 'aws/aws-sdk-kotlin: runtime/config/imds/ImdsClient.kt'),
];
