import { join } from 'node:path';
import type { Client } from '../client.ts';

const VERSION = '2.0.1-2';

/** Debian's package of AWS's scripts, unpacked and not installed. apt checks the package by its signed list. */
export const shellClients: readonly Client[] = [
  {
    name: `amazon-ec2-utils ${VERSION} (Debian 12)`,
    core: true,
    metadataOnly: true,
    asksRegion: true,
    readsVariables: false,
    withoutContainer: true,
    files: ['python/ec2_metadata_client.py', 'python/ask.py'],
    download: [
      [
        'sh',
        '-ec',
        `[ -n "$(apt-cache madison amazon-ec2-utils)" ] || apt-get update -qq; apt-get download -qq -o APT::Sandbox::User=root amazon-ec2-utils=${VERSION}`,
      ],
      ['sh', '-ec', 'dpkg-deb -x amazon-ec2-utils_*.deb package'],
    ],
    program: (folder) => ['python3', join(folder, 'ec2_metadata_client.py')],
  },
];
