import { join } from 'node:path';
import type { Client } from '../client.ts';
import { unpackedPackage } from './debian.ts';

const VERSION = '2.0.1-2';

/** Debian's package of AWS's scripts. */
export const shellClients: readonly Client[] = [
  {
    name: `amazon-ec2-utils ${VERSION} (Debian 12)`,
    core: true,
    metadataOnly: true,
    asksRegion: true,
    readsVariables: false,
    withoutContainer: true,
    files: ['python/ec2_metadata_client.py', 'python/ask.py'],
    download: unpackedPackage('amazon-ec2-utils', VERSION),
    program: (folder) => ['python3', join(folder, 'ec2_metadata_client.py')],
  },
];
