import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { imageSbomOf } from '../sbom.ts';
import { nodeFor } from './node-binaries.ts';
import type { Platform } from './options.ts';
import { run, succeeds } from './run.ts';

export const programs = ['server', 'agent'] as const;
export type Program = (typeof programs)[number];

interface System {
  /** Bundled programs, the image's own first. */
  readonly bundles: readonly string[];
  /** Debian packages. */
  readonly packages: readonly string[];
  /** Their programs; with a slash at the end, folders below /usr/lib. */
  readonly programs: readonly string[];
  /** Symlinks: path from the root, and target. */
  readonly links: Readonly<Record<string, string>>;
}

const families = ['iptables', 'ip6tables'];
const commands = ['', '-save', '-restore'];

/** What the images contain besides Node.js. */
const systems: Readonly<Record<Program, System>> = {
  server: { bundles: ['server', 'kubectl-rolegate'], packages: [], programs: [], links: {} },
  agent: {
    bundles: ['agent'],
    packages: ['conntrack', 'iproute2', 'iptables', 'nftables', 'util-linux'],
    // Both iptables backends under all their names. The agent detects the node's backend at run time.
    programs: [
      'ip',
      'conntrack',
      'nft',
      'unshare',
      'xtables-monitor',
      'xtables/',
      ...families.flatMap((family) =>
        ['nft', 'legacy'].flatMap((backend) => commands.map((command) => `${family}-${backend}${command}`)),
      ),
    ],
    links: Object.fromEntries(
      families.flatMap((family) =>
        commands.map((command) => [`usr/sbin/${family}${command}`, `${family}-nft${command}`]),
      ),
    ),
  },
};

/**
 * Assembles the system part of a program's image in dist/rootfs/PROGRAM/PLATFORM, from where the Dockerfiles copy it, and the SBOM of the
 * image next to it. The programs must be bundled.
 */
export async function assembleRootfs(root: string, program: Program, platform: Platform): Promise<void> {
  const folder = join(root, 'dist/rootfs', program, platform);
  const { bundles, links, packages, programs } = systems[program];
  rmSync(folder, { recursive: true, force: true });
  // The modes in the image must not depend on the user.
  process.umask(0o022);
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  const node = await nodeFor(root, platform);
  cpSync(node.file, join(folder, 'usr/local/bin/node'));
  chmodSync(join(folder, 'usr/local/bin/node'), 0o755);
  await run([join(root, 'docker/rootfs.sh'), platform, folder, packages.join(' '), ...programs]);
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(folder, path));
  const sbom = imageSbomOf({
    bundles: bundles.map((name) => readFileSync(join(root, `dist/bundle/${name}.sbom.json`), 'utf8')),
    node: { version: node.version, binary: readFileSync(node.file) },
    ...debianPackagesIn(folder),
  });
  writeFileSync(sbomFile(root, program, platform), sbom);
}

/** The SBOM of an image. */
export function sbomFile(root: string, program: Program, platform: Platform): string {
  return join(root, 'dist/rootfs', program, `${platform}.cdx.json`);
}

/** Throws an error that says what this machine lacks. */
export async function requireDebian(): Promise<void> {
  for (const tool of ['apt-get', 'dpkg-deb', 'readelf'])
    if (!(await succeeds([tool, '--version'])))
      throw new Error(
        `${tool} is missing: images are made from Debian packages, so build them on Debian 12 with binutils, or in a container of it`,
      );
}

function debianPackagesIn(folder: string) {
  const status = join(folder, 'var/lib/dpkg/status.d');
  const osRelease = readFileSync(join(folder, 'etc/os-release'), 'utf8');
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)`, 'm').exec(osRelease)?.[1] ?? '';
  return {
    distribution: { id: value('ID'), version: value('VERSION_ID') },
    packages: readdirSync(status)
      .sort()
      .map((name) => readFileSync(join(status, name), 'utf8')),
  };
}
