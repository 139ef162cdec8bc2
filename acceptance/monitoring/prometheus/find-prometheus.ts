import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, outputOf } from '@rolegate/testing';

/** Where the package is unpacked. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/prometheus', import.meta.url));
/** apt needs the user's environment and time to download. */
const OWN = { env: process.env, cwd: CACHE, timeoutMs: 300_000 };

/**
 * The path of Prometheus: from PROMETHEUS, from PATH, or from Debian's package, which is downloaded and unpacked but not
 * installed. Throws if there is none.
 */
export async function findPrometheus(): Promise<string> {
  const found = findProgram({ name: 'prometheus', variable: 'PROMETHEUS' });
  if (found !== undefined) return found;
  const unpacked = join(CACHE, 'usr/bin/prometheus');
  if (existsSync(unpacked)) return unpacked;
  await mkdir(CACHE, { recursive: true });
  await outputOf(['apt-get', 'download', '-qq', 'prometheus'], OWN);
  const archive = (await readdir(CACHE)).find((name) => name.endsWith('.deb')) ?? '';
  await outputOf(['dpkg-deb', '--extract', archive, '.'], OWN);
  return unpacked;
}
