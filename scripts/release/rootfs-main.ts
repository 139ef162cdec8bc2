// Assembles what the Dockerfiles copy, in dist/rootfs: node scripts/release/rootfs-main.ts [PLATFORM...]. By default for this machine.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePlatforms } from './options.ts';
import { assembleRootfs, programs, requireDebian } from './rootfs.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const given = process.argv.slice(2).join(',') || (process.arch === 'x64' ? 'amd64' : process.arch);
const { platforms, unknown } = parsePlatforms(given);

try {
  if (unknown.length > 0) throw new Error(`unknown platform: ${unknown.join(', ')}`);
  await requireDebian();
  for (const program of programs)
    for (const platform of platforms) await assembleRootfs(root, program, platform);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
