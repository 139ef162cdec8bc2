import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError } from '@rolegate/runtime';
import { outputOf, runCommand } from '@rolegate/testing';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Version 0.1.0 in this repository's history; nobody publishes its images and charts. */
const COMMIT = '7b2621577e5cd1860934ca4c38d883600410b31d';
/** git and npm are the user's own. */
const BUILD = { env: process.env, timeoutMs: 300_000 };

/** Why version 0.1.0 cannot be built here. Undefined: it can. */
export async function whyNoRelease01(): Promise<string | undefined> {
  try {
    const { code, stderr } = await runCommand(
      ['git', '-C', root, 'cat-file', '-e', `${COMMIT}^{commit}`],
      BUILD,
    );
    return code === 0 ? undefined : `its commit is not in this clone's history: ${stderr.trim()}`;
  } catch (error) {
    return `there is no git here: ${describeError(error)}`;
  }
}

/** Its charts, as folders of `folder`. */
export async function unpackCharts01(folder: string): Promise<string> {
  await unpack(folder, ['charts']);
  return join(folder, 'charts');
}

/** Its whole repository with the bundles of both programs, built by its own script. `folder` is new and empty. */
export async function buildRelease01(folder: string): Promise<void> {
  await unpack(folder, []);
  const command = (...words: string[]) => outputOf(words, { ...BUILD, cwd: folder });
  // As scripts/run.mjs, and for the same reason not npm ci.
  if (!(await linkPackages(folder)))
    await command('npm', 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund');
  // It was checked when it was released.
  await command('node_modules/.bin/tsc', '-b', '--noCheck', 'packages/agent', 'packages/server');
  await command(process.execPath, 'scripts/bundle.mjs');
}

async function unpack(folder: string, paths: readonly string[]): Promise<void> {
  const archive = join(folder, 'release.tar');
  await outputOf(['git', '-C', root, 'archive', '--output', archive, COMMIT, ...paths], BUILD);
  await outputOf(['tar', '-xf', archive, '-C', folder], BUILD);
}

/** With the packages that are installed here, unless its lock file names others; only its own are its own. */
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
