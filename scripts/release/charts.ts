import { cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { Program } from './rootfs.ts';
import { run } from './run.ts';

export interface ChartRecipe {
  readonly root: string;
  readonly program: Program;
  readonly version: string;
  /** Has the image and the chart. */
  readonly registry: string;
  /** The image's digest. */
  readonly digest: string;
  /** Unix time in seconds, for all files. */
  readonly timestamp: number;
}

/**
 * Packages a chart whose default image is the given one, and returns the archive's path. GNU tar and gzip make it, because `helm package`
 * writes the current time, and two builds of one commit must have one digest. `work` is a folder for temporary files.
 */
export async function packageChart(recipe: ChartRecipe, out: string, work: string): Promise<string> {
  const { root, program, version, registry, digest, timestamp } = recipe;
  const name = `rolegate-${program}`;
  const folder = join(work, 'charts', name);
  for (const made of [out, join(work, 'charts')]) mkdirSync(made, { recursive: true });
  cpSync(join(root, 'charts', program), folder, {
    recursive: true,
    filter: (path) => !/\/charts\/(?:server|agent)\/(?:ci|golden)$/.test(path),
  });
  // The templates read them. They are no values, because --reuse-values would keep the digest of the previous release.
  const manifest = join(folder, 'Chart.yaml');
  edit(manifest, ['annotations', 'rolegate.dev/image-digest'], digest);
  edit(manifest, ['annotations', 'rolegate.dev/registry'], registry);
  edit(join(folder, 'values.yaml'), ['image', 'repository'], `${registry}/${name}`);
  const archive = join(out, `${name}-${version}.tgz`);
  await run([
    'sh',
    '-c',
    'tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$1" -C "$2" -cf - "$3" | gzip -n >"$4"',
    'sh',
    String(timestamp),
    join(work, 'charts'),
    name,
    archive,
  ]);
  // helm push writes the file's time to the chart's manifest.
  utimesSync(archive, timestamp, timestamp);
  return archive;
}

/** Sets a member of a YAML file. Keeps comments. */
function edit(file: string, path: readonly string[], value: string): void {
  const document = parseDocument(readFileSync(file, 'utf8'));
  document.setIn(path, value);
  writeFileSync(file, document.toString({ lineWidth: 0 }));
}
