import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Writes what npm publishes of the kubectl plugin to dist/npm: the bundle as the program of the package `rolegate`, which
 * needs no other package. `folder` is the repository, whose package.json has the rest.
 */
export async function writeNpmPackage(folder, { version, license, engines }) {
  const out = join(folder, 'dist/npm');
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const program = 'kubectl-rolegate.cjs';
  const files = ['LICENSE', 'packages/cli/README.md', `dist/bundle/${program}`];
  // Licenses of the libraries, and the list of what the bundle contains.
  files.push(`dist/bundle/${program}.LEGAL.txt`, 'dist/bundle/kubectl-rolegate.sbom.json');
  for (const file of files) await copyFile(join(folder, file), join(out, basename(file)));
  const manifest = {
    name: 'rolegate',
    version,
    description: 'kubectl plugin that shows what Rolegate does in a cluster, and why',
    keywords: ['kubectl', 'kubectl-plugin', 'kubernetes', 'aws', 'iam'],
    license,
    repository: { type: 'git', url: 'git+https://github.com/rolegate/rolegate.git' },
    bin: { 'kubectl-rolegate': program },
    engines,
  };
  await writeFile(join(out, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
