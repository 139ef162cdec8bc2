import { join } from 'node:path';
import { IPV6_MODE } from '../client.ts';
import type { Client } from '../client.ts';

export const rustClients: readonly Client[] = [
  {
    name: 'Rust aws-config 1.13.0',
    core: true,
    asksAgain: true,
    asksRegion: true,
    crowd: true,
    ipv6: IPV6_MODE,
    files: ['rust/Cargo.toml', 'rust/Cargo.lock', 'rust/src/'],
    download: [['cargo', 'fetch', '--quiet', '--locked']],
    // The libraries, which take minutes, are built once for all versions of the program.
    build: [
      ['cargo', 'build', '--quiet', '--offline', '--locked', '--target-dir', '../rust-target'],
      ['cp', '../rust-target/debug/client', 'client'],
    ],
    program: (built) => [join(built, 'client')],
  },
];
