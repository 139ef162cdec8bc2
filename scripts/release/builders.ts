import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isLoopback } from './options.ts';
import type { Platform } from './options.ts';
import type { Program } from './rootfs.ts';
import { run, succeeds } from './run.ts';

export interface ImageRecipe {
  /** The repository, with the files that the Dockerfiles copy. */
  readonly root: string;
  readonly program: Program;
  /** `REGISTRY/rolegate-agent:VERSION`. */
  readonly reference: string;
  readonly version: string;
  /** The commit. */
  readonly revision: string;
  /** The time of the commit, which all files in the image get, so that two builds have one digest. Unix time in seconds. */
  readonly timestamp: number;
  readonly platforms: readonly Platform[];
}

/** Builds images. The Dockerfiles only copy files, so a builder needs neither a network nor emulation. */
export interface Builder {
  /** Builds an image for all platforms and writes its index to `work`. */
  build(recipe: ImageRecipe, work: string): Promise<BuiltImage>;
  /** Pushes what was built. Returns the digest in the registry. */
  push(recipe: ImageRecipe, work: string): Promise<string>;
}

export interface BuiltImage {
  /** The digest of the index of all platforms: `sha256:…`. */
  readonly digest: string;
  /** The digests of the platforms' images. */
  readonly digests: Readonly<Partial<Record<Platform, string>>>;
}

/** Returns buildah or else docker with buildx. Throws an error that says what to install. */
export async function findBuilder(): Promise<Builder> {
  if (await succeeds(['buildah', '--version'])) return buildah;
  if (await succeeds(['docker', 'buildx', 'version'])) return docker;
  throw new Error('no builder of images: install buildah, or docker with buildx');
}

const buildah: Builder = {
  async build(recipe, work) {
    const { root, program, timestamp, platforms } = recipe;
    const name = localName(recipe);
    const layout = join(work, program);
    // Otherwise the new images would be added to those of the last build.
    if (await succeeds(['buildah', 'manifest', 'exists', name]))
      await run(['buildah', 'manifest', 'rm', name]);
    // One after the other, because buildah adds platforms to the index in random order.
    for (const platform of platforms)
      await run(
        [
          'buildah',
          'build',
          '--layers',
          '--no-cache',
          '--identity-label=false',
          `--platform=linux/${platform}`,
          `--manifest=${name}`,
          `--timestamp=${timestamp}`,
          ...labelArgs(recipe),
          `--file=docker/${program}.Dockerfile`,
          `--ignorefile=docker/${program}.Dockerfile.dockerignore`,
          '.',
        ],
        { cwd: root },
      );
    await run([...manifestPush, name, `oci:${layout}`]);
    return readLayout(layout, platforms);
  },

  async push(recipe, work) {
    const { reference } = recipe;
    const digestFile = join(work, 'digest');
    const tls = isLoopback(reference) ? ['--tls-verify=false'] : [];
    await run([
      ...manifestPush,
      ...tls,
      `--digestfile=${digestFile}`,
      localName(recipe),
      `docker://${reference}`,
    ]);
    return readFileSync(digestFile, 'utf8').trim();
  },
};

/** Not the reference, under which the image of another release may have been pulled. */
function localName({ program, revision }: ImageRecipe): string {
  return `localhost/rolegate-release-${program}:${revision}`;
}

const manifestPush = ['buildah', 'manifest', 'push', '--all', '--format=oci'];

const docker: Builder = {
  async build(recipe, work) {
    const { platforms } = recipe;
    const layout = join(work, recipe.program);
    rmSync(layout, { recursive: true, force: true });
    await buildx(recipe, `type=oci,dest=${layout},tar=false,rewrite-timestamp=true`, work);
    return readLayout(layout, platforms);
  },

  push(recipe, work) {
    const insecure = isLoopback(recipe.reference) ? ',registry.insecure=true' : '';
    const output = `type=image,name=${recipe.reference},push=true,oci-mediatypes=true,rewrite-timestamp=true${insecure}`;
    return buildx(recipe, output, work);
  },
};

/** Returns the digest of the index. */
async function buildx(recipe: ImageRecipe, output: string, work: string): Promise<string> {
  const { root, program, timestamp, platforms, ...labels } = recipe;
  const metadataFile = join(work, 'metadata.json');
  await run(
    [
      'docker',
      'buildx',
      'build',
      `--platform=${platforms.map((platform) => `linux/${platform}`).join(',')}`,
      `--output=${output}`,
      '--no-cache',
      '--provenance=false',
      '--sbom=false',
      `--metadata-file=${metadataFile}`,
      ...labelArgs(labels),
      `--file=docker/${program}.Dockerfile`,
      '.',
    ],
    { cwd: root, env: { SOURCE_DATE_EPOCH: String(timestamp) } },
  );
  const metadata = JSON.parse(readFileSync(metadataFile, 'utf8')) as Record<string, string>;
  return metadata['containerimage.digest'] ?? '';
}

function labelArgs({ version, revision }: Pick<ImageRecipe, 'version' | 'revision'>): string[] {
  return [`--build-arg=VERSION=${version}`, `--build-arg=REVISION=${revision}`];
}

/** Reads the only image of an OCI layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
function readLayout(layout: string, platforms: readonly Platform[]): BuiltImage {
  const read = (path: string) => JSON.parse(readFileSync(join(layout, path), 'utf8')) as Index;
  const [image] = read('index.json').manifests;
  if (image === undefined) throw new Error(`${layout} has no image`);
  // docker makes no index for a single platform.
  const { manifests } = read(`blobs/${image.digest.replace(':', '/')}`) as Partial<Index>;
  const [only = 'amd64'] = platforms;
  if (manifests === undefined) return { digest: image.digest, digests: { [only]: image.digest } };
  return {
    digest: image.digest,
    digests: Object.fromEntries(manifests.map(({ digest, platform }) => [platform.architecture, digest])),
  };
}

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: { readonly architecture: Platform };
  }[];
}
