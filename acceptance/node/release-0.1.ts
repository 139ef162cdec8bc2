import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError } from '@rolegate/runtime';
import { outputOf, runCommand } from '@rolegate/testing';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Version 0.1.0 in this repository's history. Its images and charts are not published. */
const COMMIT = '7b2621577e5cd1860934ca4c38d883600410b31d';
/** With the environment of the user, whose git and npm run. */
const BUILD = { env: process.env, timeoutMs: 300_000 };

/** Explains why version 0.1.0 cannot be built here. Undefined if it can. */
export async function whyNoRelease01(): Promise<string | undefined> {
  try {
    const { code, stderr } = await runCommand(
      ['git', '-C', root, 'cat-file', '-e', `${COMMIT}^{commit}`],
      BUILD,
    );
    return code === 0 ? undefined : `its commit is not in this clone's history: ${stderr.trim()}`;
  } catch (error) {
    return `git does not run: ${describeError(error)}`;
  }
}

/** Extracts the charts of 0.1.0 into `folder` and returns their folder. */
export async function unpackCharts01(folder: string): Promise<string> {
  await unpack(folder, ['charts']);
  return join(folder, 'charts');
}

/** Extracts the repository of 0.1.0 into an empty folder and builds the bundles with its script. */
export async function buildRelease01(folder: string): Promise<void> {
  await unpack(folder, []);
  const command = (...words: string[]) => outputOf(words, { ...BUILD, cwd: folder });
  // Not npm ci, for the reason given in scripts/run.mjs.
  if (!(await linkPackages(folder)))
    await command('npm', 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund');
  // Types were checked when it was released.
  await command('node_modules/.bin/tsc', '-b', '--noCheck', 'packages/agent', 'packages/server');
  await command(process.execPath, 'scripts/bundle.mjs');
}

async function unpack(folder: string, paths: readonly string[]): Promise<void> {
  const archive = join(folder, 'release.tar');
  await outputOf(['git', '-C', root, 'archive', '--output', archive, COMMIT, ...paths], BUILD);
  await outputOf(['tar', '-xf', archive, '-C', folder], BUILD);
}

/** Links the packages installed here, except for those of this project. Returns false if the lock files differ. */
async function linkPackages(folder: string): Promise<boolean> {
  const [here, there] = [root, folder].map((at) => readFile(join(at, 'package-lock.json'), 'utf8'));
  if ((await here) !== (await there)) return false;
  const [installed, links] = [join(root, 'node_modules'), join(folder, 'node_modules')];
  await mkdir(links);
  for (const name of await readdir(installed)) {
    if (name !== '@rolegate') await symlink(join(installed, name), join(links, name));
  }
  await cp(join(installed, '@rolegate'), join(links, '@rolegate'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  return true;
}
