import { join } from 'node:path';
import type { Client } from '../client.ts';
import { installPackages } from './debian.ts';

/** The system's packages: exactly one version of Debian's is available at a time. */
export const rubyClients: readonly Client[] = [
  {
    name: 'Ruby 3.168.1 (Debian 12)',
    files: ['ruby/client.rb'],
    download: [
      installPackages('ruby', 'ruby-aws-sdk-core'),
      ['ruby', '-e', "require 'aws-sdk-core'; exit Aws::CORE_GEM_VERSION == '3.168.1'"],
    ],
    program: (folder) => ['ruby', join(folder, 'client.rb')],
    asksAgain: true,
    readsVariables: false,
  },
];
