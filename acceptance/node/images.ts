import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from '@rolegate/testing';
import { prepareClient } from '../clients/prepare.ts';
import type { Options } from './options.ts';
import { installed } from './race/race-clients.ts';
import { buildRelease01, whyNoRelease01 } from './release-0.1.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** With the environment of the user, whose docker, npm and commands run. */
const BUILD = { env: process.env, timeoutMs: 600_000 };

/** With a registry, as containerd names local images. */
export const IMAGES = {
  server: 'localhost/rolegate-server:e2e',
  agent: 'localhost/rolegate-agent:e2e',
  client: 'localhost/rolegate-e2e-client:e2e',
  /** Stand-ins. `kubectl rolegate migrate` recognizes kiam and kube2iam by the names of the images. */
  kiam: 'localhost/kiam:v4.0',
  kube2iam: 'localhost/kube2iam:0.15.0',
} as const;
export const IMAGES_01 = {
  server: 'localhost/rolegate-server:0.1.0',
  agent: 'localhost/rolegate-agent:0.1.0',
} as const;

type Recipe = Pick<Options, 'buildImage' | 'loadImage' | 'nodeImage' | 'clientBase' | 'release'>;

/**
 * Builds the images of the programs, unless a release has them, of the test Pods, of the stand-ins for kiam and kube2iam and, if possible, of
 * version 0.1.0. Loads them into the node.
 */
export async function buildImages(recipe: Recipe, print: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-images-'));
  const build = (image: string, context: string, args: readonly string[]) =>
    buildImage(recipe, { image, context, args }, print);
  try {
    if (recipe.release === undefined) {
      await outputOf(['npm', 'run', '--silent', 'rootfs'], { ...BUILD, cwd: root });
      for (const name of ['server', 'agent'] as const)
        await build(IMAGES[name], await contextOf(root, name, join(folder, name)), []);
    }
    await build(IMAGES.client, await clientContext(join(folder, 'client')), clientArgs(recipe));
    for (const image of [IMAGES.kiam, IMAGES.kube2iam])
      await build(image, join(root, 'acceptance/node/moving/image'), clientArgs(recipe));
    if ((await whyNoRelease01()) !== undefined) return; // reported by the tests
    const release01 = join(folder, 'release');
    await mkdir(release01);
    await buildRelease01(release01);
    for (const name of ['server', 'agent'] as const) {
      await build(
        IMAGES_01[name],
        await contextOf(release01, name, join(folder, `${name}-0.1`)),
        programArgs(recipe),
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface ImageBuild {
  readonly image: string;
  readonly context: string;
  readonly args: readonly string[];
}

async function buildImage(recipe: Recipe, build: ImageBuild, print: (line: string) => void): Promise<void> {
  const startMs = Date.now();
  await outputOf(buildCommand(recipe, build), BUILD);
  await outputOf([...words(recipe.loadImage), build.image], BUILD);
  print(`${build.image} built and loaded (${Math.round((Date.now() - startMs) / 1000)} s)`);
}

/** Copies what the Dockerfile needs, instead of the whole repository. */
async function contextOf(repository: string, program: 'server' | 'agent', context: string): Promise<string> {
  const copy = (path: string, to = path) =>
    cp(join(repository, path), join(context, to), { recursive: true, verbatimSymlinks: true });
  await copy(`docker/${program}.Dockerfile`, 'Dockerfile');
  await copy('docker');
  await copy('dist/bundle');
  // Version 0.1.0 had none.
  if (existsSync(join(repository, 'dist/rootfs'))) await copy(`dist/rootfs/${program}`);
  return context;
}

/** Adds Node.js and the programs of the race. */
async function clientContext(context: string): Promise<string> {
  await cp(join(root, 'acceptance/node/client'), context, { recursive: true });
  await cp(process.execPath, join(context, 'node'));
  await cp(await prepareClient(installed.js), join(context, 'js'), { recursive: true });
  const go = await prepareClient(installed.go);
  await cp(join(go, 'first-credentials'), join(context, 'first-credentials'));
  return context;
}

function programArgs({ nodeImage }: Recipe): string[] {
  return nodeImage === undefined ? [] : ['--build-arg', `NODE_IMAGE=${nodeImage}`];
}

function clientArgs({ clientBase }: Recipe): string[] {
  return clientBase === undefined ? [] : ['--build-arg', `BASE=${clientBase}`];
}

function buildCommand({ buildImage: command }: Recipe, { image, context, args }: ImageBuild): string[] {
  return command === undefined
    ? ['docker', 'build', '-t', image, ...args, context]
    : [...words(command), image, context, ...args];
}

function words(command: string): string[] {
  return command.split(' ').filter((word) => word !== '');
}
