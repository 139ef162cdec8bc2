import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Options } from './options.ts';
import { outputOf } from './run.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const BUILD_WITHIN_MS = 600_000;

/** What the manifests name. With a registry part, as containerd has local images. */
export const IMAGES = {
  server: 'localhost/rolegate-server:e2e',
  agent: 'localhost/rolegate-agent:e2e',
  client: 'localhost/rolegate-e2e-client:e2e',
} as const;

type Recipe = Pick<Options, 'buildImage' | 'loadImage' | 'nodeImage' | 'clientBase'>;

/** Bundles the programs, builds the three images and makes them known to the node. */
export async function buildImages(recipe: Recipe, say: (line: string) => void): Promise<void> {
  await outputOf(['npm', 'run', '--silent', 'bundle:run'], { cwd: root, withinMs: BUILD_WITHIN_MS });
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-images-'));
  try {
    for (const name of ['server', 'agent', 'client'] as const) {
      const context =
        name === 'client' ? join(root, 'e2e/client') : await contextOf(name, join(folder, name));
      const startMs = Date.now();
      await outputOf(buildCommand(recipe, { image: IMAGES[name], context, args: argsOf(name, recipe) }), {
        withinMs: BUILD_WITHIN_MS,
      });
      await outputOf([...words(recipe.loadImage), IMAGES[name]], { withinMs: BUILD_WITHIN_MS });
      say(`${IMAGES[name]} built and loaded (${Math.round((Date.now() - startMs) / 1000)} s)`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A small folder instead of the whole repository, laid out like it. */
async function contextOf(program: 'server' | 'agent', context: string): Promise<string> {
  await mkdir(join(context, 'docker'), { recursive: true });
  await cp(join(root, `docker/${program}.Dockerfile`), join(context, 'Dockerfile'));
  await cp(join(root, 'docker/rootfs.sh'), join(context, 'docker/rootfs.sh'));
  await cp(join(root, 'dist/bundle'), join(context, 'dist/bundle'), { recursive: true });
  return context;
}

function argsOf(name: keyof typeof IMAGES, { nodeImage, clientBase }: Recipe): string[] {
  if (name === 'client') return clientBase === undefined ? [] : ['--build-arg', `BASE=${clientBase}`];
  return nodeImage === undefined ? [] : ['--build-arg', `NODE_IMAGE=${nodeImage}`];
}

function buildCommand(
  { buildImage }: Recipe,
  { image, context, args }: { image: string; context: string; args: readonly string[] },
): string[] {
  return buildImage === undefined
    ? ['docker', 'build', '-t', image, ...args, context]
    : [...words(buildImage), image, context, ...args];
}

function words(command: string): string[] {
  return command.split(' ').filter((word) => word !== '');
}
