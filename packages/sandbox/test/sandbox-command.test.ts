import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../docs/getting-started.md', import.meta.url));

function run(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { timeout: 60_000 },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, output: stdout + stderr });
      },
    );
  });
}

describe('Sandbox command', () => {
  it('The sandbox with --once shows that every promise is kept, and exits with 0', async () => {
    const { code, output } = await run('--once');
    expect(output).not.toContain('FAILED');
    const [, documented] = /--once` checks (\d+) promises/.exec(await readFile(PAGE, 'utf8')) ?? [];
    expect(output).toContain(`${documented ?? ''} passed, 0 failed`);
    expect(code).toBe(0);
  });

  it.each([
    {
      what: 'a missing folder of manifests',
      args: ['-f', '/nonexistent'],
      says: 'cannot read the manifests: /nonexistent does not exist',
    },
    {
      what: 'an unknown option',
      args: ['--bogus'],
      says: "Unknown option '--bogus'; --help lists the options",
    },
  ])('The sandbox names $what in one line, and exits with 2', async ({ args, says }) => {
    expect(await run(...args)).toEqual({ code: 2, output: `sandbox: ${says}\n` });
  });

  it('A sandbox with --once that receives SIGTERM stops its programs and exits with 1', async () => {
    const child = spawn(process.execPath, [MAIN, '--once'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
      if (output.includes('ok ')) child.kill('SIGTERM');
    });
    expect(await ended).toEqual([1, null]);
    expect(output).toContain('not run');
  });

  it.each([
    { what: 'does not parse', content: 'kind: [' },
    { what: 'holds no Kubernetes object', content: 'just: text' },
  ])('The sandbox with -f names a manifest that $what, and exits with 2', async ({ content }) => {
    const folder = await mkdtemp(join(tmpdir(), 'rolegate-manifests-'));
    try {
      await writeFile(join(folder, 'broken.yaml'), content);
      const { code, output } = await run('-f', folder);
      expect(output).toContain('broken.yaml');
      expect(code).toBe(2);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
