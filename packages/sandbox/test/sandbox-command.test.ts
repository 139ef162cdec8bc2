import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

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
    expect(output.match(/^ok /gm)?.length).toBeGreaterThanOrEqual(13);
    expect(code).toBe(0);
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
