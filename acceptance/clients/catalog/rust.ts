import { join } from 'node:path';
import type { Client } from '../client.ts';

export const rustClients: readonly Client[] = [
  {
    name: 'Rust aws-config 1.13.0',
    files: ['rust/Cargo.toml', 'rust/src/'],
    download: [['cargo', 'fetch', '--quiet']],
    build: [['cargo', 'build', '--quiet', '--offline', '--target-dir', 'target']],
    program: (built) => [join(built, 'target/debug/client')],
  },
];
