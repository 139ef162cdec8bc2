import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/program/run-program.ts';
import type { RunnableProgram } from '../../src/program/run-program.ts';
import { VERSION } from '../../src/program/version.ts';

interface Config {
  readonly log: { readonly level: 'info'; readonly format: 'json'; readonly base?: Record<string, string> };
}
const CONFIG: Config = { log: { level: 'info', format: 'json' } };

function setup(program: Partial<RunnableProgram<Config>> = {}) {
  const said = { out: '', err: '' };
  const signals = new EventEmitter();
  const code = runProgram(
    {
      name: 'kettle',
      parse: () => ({ kind: 'config', config: CONFIG, warnings: [] }),
      run: (_config, _log, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
        }),
      isBadConfiguration: () => false,
      ...program,
    },
    {
      argv: ['node', 'main.js', '--hot'],
      env: { KETTLE_WATER: '1' },
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      once: (signal, listener) => signals.once(signal, listener),
    },
  );
  return { said, signals, code };
}

describe('Program', () => {
  it('A program parses its own arguments and environment', async () => {
    const seen: unknown[] = [];
    const { code } = setup({ parse: (input) => (seen.push(input), { kind: 'version' }) });
    expect(await code).toBe(0);
    expect(seen).toEqual([{ argv: ['--hot'], env: { KETTLE_WATER: '1' } }]);
  });

  it.each([
    { outcome: { kind: 'help', text: 'usage\n' }, code: 0, out: 'usage\n', err: '' },
    { outcome: { kind: 'version' }, code: 0, out: `kettle ${VERSION}\n`, err: '' },
    { outcome: { kind: 'faults', faults: ['a', 'b'] }, code: 2, out: '', err: 'kettle: a\nkettle: b\n' },
  ] as const)('The outcome $outcome.kind exits with code $code', async ({ outcome, code, out, err }) => {
    const world = setup({ parse: () => outcome });
    expect(await world.code).toBe(code);
    expect(world.said).toEqual({ out, err });
  });

  it.each(['SIGTERM', 'SIGINT'])('A program stops on %s with code 0', async (signal) => {
    const { code, signals } = setup();
    signals.emit(signal);
    expect(await code).toBe(0);
  });

  it('A program logs the error that ends it, causes included, and exits with 1', async () => {
    const { code, said } = setup({
      run: () => Promise.reject(new Error('no water', { cause: new Error('tap is dry') })),
    });
    expect(await code).toBe(1);
    expect(JSON.parse(said.out)).toMatchObject({ level: 'error', error: 'no water: tap is dry' });
  });

  it('A program exits with 2 on an error that only another configuration resolves', async () => {
    const { code } = setup({
      run: () => Promise.reject(new Error('no such kettle')),
      isBadConfiguration: (error) => error instanceof Error && error.message === 'no such kettle',
    });
    expect(await code).toBe(2);
  });

  it('A program writes the base fields of its configuration in its log lines', async () => {
    const { code, said } = setup({
      parse: () => ({
        kind: 'config',
        config: { log: { ...CONFIG.log, base: { node: 'node-1' } } },
        warnings: [],
      }),
      run: () => Promise.reject(new Error('no water')),
    });
    await code;
    expect(JSON.parse(said.out)).toMatchObject({ node: 'node-1', error: 'no water' });
  });

  it('A program logs the warnings of its configuration', async () => {
    const { code, said, signals } = setup({
      parse: () => ({ kind: 'config', config: CONFIG, warnings: ['--hot is hot'] }),
    });
    signals.emit('SIGTERM');
    await code;
    expect(JSON.parse(said.out)).toMatchObject({ level: 'warn', warning: '--hot is hot' });
  });
});
