import { describe, expect, it } from 'vitest';
import { eventually, PLAIN_ENV, startProcess } from '@rolegate/testing';

const SOON = { withinMs: 5_000, everyMs: 10 };

function start(script: string, lines: string[] = []) {
  return startProcess(['sh', '-c', script], {
    env: PLAIN_ENV,
    output: (line) => lines.push(line),
    stopWithinMs: 100,
  });
}

describe('Process', () => {
  it('Each line of both outputs is passed on, and the exit code is reported', async () => {
    const lines: string[] = [];
    const { ended } = start('echo out; echo err >&2; exit 3', lines);
    await expect(ended).resolves.toBe('exit code 3');
    await eventually(() => {
      expect(lines.sort()).toEqual(['err', 'out']);
    }, SOON);
  });

  it('A process that ignores SIGTERM is killed', async () => {
    const lines: string[] = [];
    const program = start("trap '' TERM; echo ready; while :; do sleep 1; done", lines);
    await eventually(() => {
      expect(lines).toEqual(['ready']);
    }, SOON);
    expect(program.running).toBe(true);
    await program.stop();
    expect(program.running).toBe(false);
    await expect(program.ended).resolves.toBe('SIGKILL');
  });

  it('A command that cannot be started ends with the reason', async () => {
    const { ended } = startProcess(['/nonexistent'], { env: PLAIN_ENV, output: 'ignore' });
    await expect(ended).resolves.toMatch(/ENOENT/);
  });
});
