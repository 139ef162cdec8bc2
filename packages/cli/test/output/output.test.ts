import { describe, expect, it } from 'vitest';
import { createOutput } from '../../src/output/output.ts';
import type { OutputStream } from '../../src/output/output.ts';

function setup({ isTTY = false, columns = 80, env = {}, takes = true } = {}) {
  const written = { stdout: '', stderr: '' };
  const listeners: ((error: NodeJS.ErrnoException) => void)[] = [];
  const drains: (() => void)[] = [];
  const stdout: OutputStream = {
    isTTY,
    columns,
    write(text) {
      written.stdout += text;
      return takes;
    },
    on: (_event, listener) => listeners.push(listener),
    once: (_event, listener) => drains.push(listener),
  };
  const stderr = {
    isTTY,
    columns,
    write(text: string) {
      written.stderr += text;
      return true;
    },
    on: () => undefined,
  };
  const output = createOutput({ stdout, stderr, env });
  const breakPipe = () => {
    for (const listener of listeners) listener(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  };
  return { output, written, breakPipe, drains };
}

describe('the output of a command', () => {
  it.each([
    { name: 'on a terminal', options: { isTTY: true }, colored: true },
    { name: 'in a pipe', options: {}, colored: false },
    { name: 'with NO_COLOR', options: { isTTY: true, env: { NO_COLOR: '1' } }, colored: false },
  ])('is colored $name: $colored', ({ options, colored }) => {
    expect(setup(options).output.colors.bad('x') !== 'x').toBe(colored);
  });

  it('stops without an error when the reader closes the pipe', async () => {
    const { output, written, breakPipe } = setup({ takes: false });
    const printing = output.print('one');
    breakPipe();
    await printing;
    await output.print('two');
    expect(output.closed.aborted).toBe(true);
    expect(written.stdout).toBe('one');
  });

  it('shows progress only on a terminal, and removes it before anything else', async () => {
    const inPipe = setup();
    inPipe.output.progress('read 1 of 2');
    expect(inPipe.written.stderr).toBe('');
    const { output, written } = setup({ isTTY: true });
    output.progress('read 1 of 2');
    await output.print('done');
    expect(written.stderr).toBe('\r\u001b[Kread 1 of 2\r\u001b[K');
  });
});
