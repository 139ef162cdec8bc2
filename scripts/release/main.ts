import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBuilder } from './builders.ts';
import type { Builder, BuiltImage, ImageRecipe } from './builders.ts';
import { packageChart } from './charts.ts';
import { isLoopback, parseOptions, USAGE } from './options.ts';
import type { Options } from './options.ts';
import { attachSbom, helm, pushChart, sign, signFile } from './publish.ts';
import type { Published } from './publish.ts';
import { assembleRootfs, programs, requireDebian, sbomFile } from './rootfs.ts';
import { run, succeeds } from './run.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

type Commit = Pick<ImageRecipe, 'version' | 'revision' | 'timestamp'>;

/** What a build leaves in the folder `--out` for `--no-build`. */
interface Release extends Commit {
  readonly registry: string;
  readonly images: Readonly<Record<string, BuiltImage>>;
}

const RELEASE_FILE = 'release.json';

async function main(options: Options): Promise<void> {
  const builder = await findBuilder();
  await requireTools(options);
  const out = resolve(root, options.out);
  const work = mkdtempSync(join(tmpdir(), 'rolegate-release-'));
  try {
    const release = options.build ? await build(builder, options, out, work) : readRelease(options, out);
    if (options.push) await publish(builder, release, options, out, work);
    writeFileSync(join(out, 'SHA256SUMS'), checksumsOf(out));
    if (options.sign !== undefined) await signFile(join(out, 'SHA256SUMS'), options.sign);
    console.log(`${options.out}: ${readdirSync(out).join(', ')}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function requireTools({ build, push, sign: key }: Options): Promise<void> {
  if (build) await requireDebian();
  if (push && !(await succeeds([helm, 'version'])))
    throw new Error('helm is missing: --push needs Helm 3.14 or later (HELM or PATH)');
  if (key !== undefined && !(await succeeds(['cosign', 'version'])))
    throw new Error('cosign is missing: --sign needs cosign 2');
}

async function build(builder: Builder, options: Options, out: string, work: string): Promise<Release> {
  const commit = await readCommit(options);
  await run(['npm', 'run', '--silent', 'bundle'], { cwd: root });
  emptyOut(out);
  await run(['npm', 'pack', '--silent', `--pack-destination=${out}`, './dist/npm'], { cwd: root });
  cpSync(join(root, 'dist/bundle/kubectl-rolegate.sbom.json'), join(out, 'kubectl-rolegate.cdx.json'));
  const images: Record<string, BuiltImage> = {};
  for (const program of programs) {
    for (const platform of options.platforms) {
      await assembleRootfs(root, program, platform);
      cpSync(sbomFile(root, program, platform), join(out, `rolegate-${program}-${platform}.cdx.json`));
    }
    const recipe = recipeOf(program, commit, options);
    const image = await builder.build(recipe, work);
    images[program] = image;
    console.log(`${recipe.reference}@${image.digest}`);
    await packageChart(
      { ...commit, root, program, registry: options.registry, digest: image.digest },
      out,
      work,
    );
  }
  const release: Release = { ...commit, registry: options.registry, images };
  writeFileSync(join(out, RELEASE_FILE), `${JSON.stringify(release, null, 2)}\n`);
  return release;
}

/** Deletes the previous release. Throws if the folder has other files. */
function emptyOut(out: string): void {
  mkdirSync(out, { recursive: true });
  const files = readdirSync(out);
  if (files.length > 0 && !files.includes(RELEASE_FILE))
    throw new Error(`${out} has files that are not of a release: choose an empty folder for --out`);
  for (const file of files) rmSync(join(out, file), { recursive: true });
}

function readRelease({ registry }: Options, out: string): Release {
  if (!existsSync(join(out, RELEASE_FILE)))
    throw new Error(`${out} has no ${RELEASE_FILE}: run without --no-build`);
  const release = JSON.parse(readFileSync(join(out, RELEASE_FILE), 'utf8')) as Release;
  if (release.registry !== registry)
    throw new Error(`${out} was built for ${release.registry}, which its charts name: build again`);
  return release;
}

/** Pushes images, SBOMs and charts, and signs them. */
async function publish(
  builder: Builder,
  { images, registry, ...commit }: Release,
  options: Options,
  out: string,
  work: string,
): Promise<void> {
  const { sign: key } = options;
  const digests: string[] = [];
  for (const program of programs) {
    const recipe = recipeOf(program, commit, options);
    const image = images[program];
    const digest = await builder.push(recipe, work);
    if (image?.digest !== digest)
      throw new Error(`${recipe.reference} is ${digest} in the registry, not ${String(image?.digest)}`);
    const repository = repositoryOf(program, options);
    const published: Published[] = [{ repository, digest }];
    for (const [platform, platformDigest] of Object.entries(image.digests)) {
      const subject = { repository, digest: platformDigest };
      const file = join(out, `rolegate-${program}-${platform}.cdx.json`);
      published.push(await attachSbom(subject, file, commit.timestamp));
    }
    const chart = await pushChart(join(out, `rolegate-${program}-${commit.version}.tgz`), registry);
    published.push(chart);
    if (key !== undefined) for (const one of published) await sign(one, key);
    digests.push(`${recipe.reference}@${digest}`, `${chart.repository}:${commit.version}@${chart.digest}`);
  }
  console.log(digests.join('\n'));
  writeFileSync(join(out, 'digests.txt'), `${digests.join('\n')}\n`);
}

function repositoryOf(program: string, { registry }: Options): string {
  return `${registry}/rolegate-${program}`;
}

function recipeOf(program: (typeof programs)[number], commit: Commit, options: Options): ImageRecipe {
  const reference = `${repositoryOf(program, options)}:${commit.version}`;
  return { ...commit, root, program, reference, platforms: options.platforms };
}

/** Throws if a release for others would contain changes that are in no commit. */
async function readCommit({ push, registry }: Options): Promise<Commit> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const log = await run(['git', 'log', '-1', '--format=%H %ct'], { cwd: root });
  const [revision = '', timestamp] = log.trim().split(' ');
  const changed = await run(['git', 'status', '--porcelain'], { cwd: root });
  if (push && changed !== '' && !isLoopback(registry))
    throw new Error(`commit these changes first:\n${changed.trimEnd()}`);
  return { version, revision, timestamp: Number(timestamp) };
}

/** The format of `sha256sum --check`. */
function checksumsOf(folder: string): string {
  return readdirSync(folder)
    .filter((file) => !file.startsWith('SHA256SUMS'))
    .sort()
    .map((file) => {
      const hash = createHash('sha256').update(readFileSync(join(folder, file)));
      return `${hash.digest('hex')}  ${file}\n`;
    })
    .join('');
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else await main(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
