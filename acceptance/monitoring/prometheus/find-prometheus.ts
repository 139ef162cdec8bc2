import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from '@rolegate/testing';

/** Where the package is unpacked. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/prometheus', import.meta.url));
/** apt needs the user's environment and time to download. */
const OWN = { env: process.env, cwd: CACHE, timeoutMs: 300_000 };

/**
 * The path of Prometheus: from PROMETHEUS, from PATH, or from Debian's package, which is downloaded and unpacked but not
 * installed. Throws if there is none.
 */
export async function findPrometheus(): Promise<string> {
  const given = process.env['PROMETHEUS'] ?? '';
  if (given !== '') return given;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const unpacked = join(CACHE, 'usr/bin/prometheus');
  const found = [...folders.map((folder) => join(folder, 'prometheus')), unpacked].find((path) =>
    existsSync(path),
  );
  if (found !== undefined) return found;
  await mkdir(CACHE, { recursive: true });
  await outputOf(['apt-get', 'download', '-qq', 'prometheus'], OWN);
  const archive = (await readdir(CACHE)).find((name) => name.endsWith('.deb')) ?? '';
  await outputOf(['dpkg-deb', '--extract', archive, '.'], OWN);
  return unpacked;
}
