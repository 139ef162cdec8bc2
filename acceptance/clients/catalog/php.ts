import { join } from 'node:path';
import type { Client } from '../client.ts';
import { debianPackages } from './debian.ts';

export const phpClients: readonly Client[] = [
  {
    name: 'AsyncAws 1.18.1 (Debian 12)',
    files: ['php/client.php'],
    download: debianPackages({ 'php-cli': '2:8.2', 'php-async-aws-core': '1.18.1' }),
    program: (folder) => ['php', join(folder, 'client.php')],
    imdsv1: true,
    withoutContainer: true,
  },
];
