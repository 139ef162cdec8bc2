import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFolder, outputOf } from '@rolegate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Run `npm run bundle` first. */
const BUNDLE = fileURLToPath(new URL('../../../../dist/bundle/kubectl-rolegate.cjs', import.meta.url));
const BUSY_CLUSTER = fileURLToPath(new URL('busy-cluster.ts', import.meta.url));
const LINES = 30_000;
/** The goal for 30,000 lines, of which an empty Node.js takes 43. Megabytes. */
const MOST_MEMORY = 150;

/** Writes the highest memory of the process to stderr. Not resource usage, which includes the parent's at the fork. */
const REPORT_MEMORY = `process.on('exit', () => {
  const { readFileSync, writeSync } = require('node:fs');
  writeSync(2, /VmHWM:.*/.exec(readFileSync('/proc/self/status', 'utf8'))[0]);
});`;
/** The lines are from yesterday. */
const LOGS = ['logs', '--since', '48h'];
/** Lists what was loaded when the process ends. */
const REPORT_MODULES = `process.on('exit', () => {
  require('node:fs').writeSync(2, process.moduleLoadList.join('\\n'));
});`;
/** Makes a narrow terminal of both outputs. */
const NARROW_TERMINAL = `for (const stream of [process.stdout, process.stderr]) {
  stream.isTTY = true;
  stream.columns = 40;
}`;

/** The oldest Node.js that the plugin supports, if this machine has it. */
const node20 = await oldNode();

interface Run {
  /** Defaults to that of the tests. */
  readonly node?: string | undefined;
  readonly words: readonly string[];
  /** CommonJS that runs first. */
  readonly first?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What a shell does with the output of the command. */
  readonly pipe?: string;
}

describe('the bundle of kubectl-rolegate', () => {
  const stack = new AsyncDisposableStack();
  let folder = '';

  beforeAll(async () => {
    folder = await openFolder('kubectl-rolegate-', stack);
    const cluster = spawn(process.execPath, ['--conditions=development', BUSY_CLUSTER]);
    stack.defer(async () => {
      cluster.stdin.end();
      await once(cluster, 'exit');
    });
    const [config] = (await once(createInterface({ input: cluster.stdout }), 'line')) as [string];
    await writeFile(join(folder, 'config'), config);
  });
  afterAll(() => stack.disposeAsync());

  async function run({ node = process.execPath, words, first = '', env = {}, pipe = '' }: Run) {
    await writeFile(join(folder, 'first.cjs'), first);
    const command = [node, '--require', join(folder, 'first.cjs'), BUNDLE, ...words];
    const child = spawn('bash', ['-c', `set -o pipefail; "$@" ${pipe}`, 'bash', ...command], {
      env: { PATH: process.env['PATH'], KUBECONFIG: join(folder, 'config'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...output };
  }

  it(`merges three agents' ${LINES} lines in order and within ${MOST_MEMORY} MB`, async () => {
    const { code, stdout, stderr } = await run({ words: LOGS, first: REPORT_MEMORY });
    expect(code).toBe(0);
    const times = timesOf(stdout);
    expect(times).toHaveLength(LINES);
    expect(times).toEqual([...times].sort());
    expect(Number(/^VmHWM:\s+(\d+) kB$/.exec(stderr)?.[1]) / 1_024).toBeLessThan(MOST_MEMORY);
  });

  it('ends at once and without an error when head closes the pipe', async () => {
    const { code, stdout, stderr } = await run({ words: [...LOGS, '-o', 'json'], pipe: '2>&1 | head -n 1' });
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('writes no colors and no progress if its outputs are no terminals', async () => {
    const { stdout, stderr } = await run({ words: [...LOGS, '--node', 'a'] });
    expect(timesOf(stdout)).toHaveLength(LINES / 3);
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('');
  });

  it('keeps the progress line on a narrow terminal on one line, and removes it', async () => {
    const { stdout, stderr } = await run({ words: [...LOGS, '--node', 'a'], first: NARROW_TERMINAL });
    expect(stdout).toContain('\u001b[');
    const shown = stderr.split('\r\u001b[K');
    expect(shown).toContain('read 1 of 1 logs');
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(40);
    expect(shown.at(-1)).toBe('');
    const plain = await run({
      words: [...LOGS, '--node', 'a'],
      first: NARROW_TERMINAL,
      env: { NO_COLOR: '1' },
    });
    expect(plain.stdout).not.toContain('\u001b');
  });

  it('does not load the library of the kubeconfig for help', async () => {
    const { stdout } = await run({ words: ['--help'] });
    const names = [...stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name = '']) => name);
    expect(names).toContain('logs');
    for (const words of [['--help'], ...names.map((name) => [name, '--help'])]) {
      const { code, stderr } = await run({ words, first: REPORT_MODULES });
      expect(code).toBe(0);
      // Only the library's WebSockets load it.
      expect(stderr).not.toContain('NativeModule zlib');
    }
  });

  it('trusts the authorities of the system if the kubeconfig names none', async () => {
    const config = JSON.parse(await readFile(join(folder, 'config'), 'utf8')) as {
      clusters: { cluster: Record<string, string> }[];
    };
    const [{ cluster } = { cluster: {} }] = config.clusters;
    const pem = Buffer.from(cluster['certificate-authority-data'] ?? '', 'base64');
    await writeFile(join(folder, 'authorities.pem'), pem);
    delete cluster['certificate-authority-data'];
    await writeFile(join(folder, 'without-authority'), JSON.stringify(config));
    const words = ['logs', '--node', 'none', '--kubeconfig', join(folder, 'without-authority')];
    const trusted = await run({ words, env: { SSL_CERT_FILE: join(folder, 'authorities.pem') } });
    expect(trusted.code).toBe(0);
    const { code, stderr } = await run({ words });
    expect(code).toBe(3);
    expect(stderr).toContain('unable to verify the first certificate');
  });

  it.skipIf(node20 === undefined)('runs on Node.js 20', async () => {
    const { code, stdout, stderr } = await run({ node: node20, words: LOGS });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(timesOf(stdout)).toHaveLength(LINES);
  });

  it('can be run as a program, and has a map and a list of what it contains', async () => {
    const { stdout } = await run({ words: [], pipe: `; "${BUNDLE}" --version` });
    expect(stdout).toMatch(/kubectl rolegate \d+\.\d+\.\d+\n$/);
    expect(await readFile(BUNDLE, 'utf8')).toMatch(
      /^#!\/usr\/bin\/env node\n[\s\S]*kubectl-rolegate\.cjs\.map\n$/,
    );
    const sbom = await readFile(BUNDLE.replace(/\.cjs$/, '.sbom.json'), 'utf8');
    expect(sbom).toContain('pkg:npm/%40kubernetes/client-node@');
  });
});

/** The times of the lines, without the lines that name a day. */
function timesOf(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('(UTC)'))
    .map((line) => line.slice(0, 12));
}

async function oldNode(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (existsSync(node) && (await outputOf([node, '--version'])).startsWith('v20.')) return node;
  }
  return undefined;
}
