import { mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, openFolder, outputOf } from '@rolegate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Run `npm run bundle` first. */
const PACKAGE = fileURLToPath(new URL('../../../../dist/npm', import.meta.url));
const VERSION = /^kubectl rolegate \d+\.\d+\.\d+\n$/;
/** Of the tests' lab, if it was built here. */
const LAB = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lab/bin');
const kubectl = findProgram({ name: 'kubectl', variable: 'KUBECTL' }) ?? (await labKubectl());

async function labKubectl(): Promise<string | undefined> {
  const programs = await readdir(LAB).catch(() => [] as string[]);
  return programs.includes('kubectl') ? join(LAB, 'kubectl') : undefined;
}

describe('the npm package of the plugin', () => {
  const stack = new AsyncDisposableStack();
  let folder = '';
  let env = {};
  let tarball = '';

  /** Packs and installs it in an empty folder, with an empty HOME and without a network. */
  beforeAll(async () => {
    folder = await openFolder('rolegate-npm-', stack);
    env = {
      PATH: process.env['PATH'],
      HOME: join(folder, 'home'),
      npm_config_update_notifier: 'false',
      npm_config_audit: 'false',
    };
    await mkdir(join(folder, 'home'));
    tarball = (await outputOf(['npm', 'pack', '--silent', PACKAGE], { cwd: folder, env })).trim();
    await outputOf(['npm', 'install', '--offline', `./${tarball}`], { cwd: folder, env });
  });
  afterAll(() => stack.disposeAsync());

  it('is the only package that npm installs', async () => {
    const installed = await readdir(join(folder, 'node_modules'));
    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['rolegate']);
    expect(await readdir(join(folder, 'node_modules/rolegate'))).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'kubectl-rolegate.cjs']),
    );
  });

  it.each(['rolegate', 'kubectl-rolegate', 'TARBALL'])('is run by npx %s', async (name) => {
    const what = name === 'TARBALL' ? `./${tarball}` : name;
    const version = await outputOf(['npx', '--offline', '--yes', what, '--version'], { cwd: folder, env });
    expect(version).toMatch(VERSION);
  });

  it.skipIf(kubectl === undefined)('is found by kubectl', async () => {
    const onPath = [join(folder, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    const run = (...words: string[]) =>
      outputOf([kubectl ?? '', ...words], { cwd: folder, env: { ...env, PATH: onPath } });
    expect(await run('rolegate', '--version')).toMatch(VERSION);
    expect(await run('plugin', 'list')).toContain('kubectl-rolegate');
  });
});
