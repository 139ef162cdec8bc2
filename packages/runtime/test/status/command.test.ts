import { describe, expect, it } from 'vitest';
import { ipAddress, optional, runStatusCommand, text } from '@rolegate/runtime';
import type { StatusProgram } from '@rolegate/runtime';
import { startStatus } from './setup.ts';

const words = { group: 'Status', help: 'what it is' };

async function setup() {
  const status = (asked: URLSearchParams) => ({
    found: asked.get('pod') !== 'a/none',
    text: `${[...asked].map(([key, value]) => `${key}=${value}`).join(' ')}.\n`,
    value: Object.fromEntries(asked),
  });
  const state = { ready: false };
  const checks = [{ name: 'table', ready: () => state.ready || 'not yet' }];
  const running = await startStatus({ status, checks });
  const program: StatusProgram = {
    name: 'kettle',
    socket: running.path,
    from: 'kubectl exec ds/kettle --',
    subjects: { pod: optional(text(), words), ip: optional(ipAddress, words) },
  };
  const run = async (word: 'status' | 'log-level', argv: readonly string[], env = {}) => {
    let [out, err] = ['', ''];
    const stdout = { write: (said: string) => (out += said) };
    const stderr = { write: (said: string) => (err += said) };
    const code = await runStatusCommand(word, program, {
      argv: ['node', 'kettle', word, ...argv],
      env,
      stdout,
      stderr,
    });
    return { code, out, err };
  };
  return {
    running,
    state,
    status: (...argv: string[]) => run('status', argv),
    statusWith: (env: object, ...argv: string[]) => run('status', argv, env),
    level: (...argv: string[]) => run('log-level', argv),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

describe('Status command', () => {
  it('The status command prints the status of the program, or of what is asked for', async () => {
    await using t = await setup();
    expect(await t.status()).toEqual({ code: 0, out: '.\n', err: '' });
    expect(await t.status('--pod', 'a/b')).toEqual({ code: 0, out: 'pod=a/b.\n', err: '' });
    expect(await t.status('--ip=10.0.0.1', '--json')).toMatchObject({
      code: 0,
      out: '{\n  "ip": "10.0.0.1",\n  "json": ""\n}\n',
    });
  });

  it('The status command prints that something is not known, and exits with 1', async () => {
    await using t = await setup();
    expect(await t.status('--pod=a/none')).toEqual({ code: 1, out: 'pod=a/none.\n', err: '' });
  });

  it('The --ready flag exits with 0 if the program is ready, else with 1 and what is missing', async () => {
    await using t = await setup();
    expect(await t.status('--ready')).toEqual({ code: 1, out: 'not ready: table\n', err: '' });
    t.state.ready = true;
    expect(await t.status('--ready')).toEqual({ code: 0, out: 'ok\n', err: '' });
  });

  it.each([
    { argv: ['--pod=a/b', '--ip=10.0.0.1'], says: '--pod and --ip cannot be combined; remove one' },
    { argv: ['--pod=a/b', '--ready'], says: '--pod and --ready cannot be combined; remove one' },
    { argv: ['--ip=ten'], says: '"ten" is no' },
    { argv: ['--pods=x'], says: 'unknown flag --pods; did you mean --pod?' },
    { argv: ['now'], says: 'unexpected argument "now"' },
  ])('The arguments $argv exit with 2, and the error explains why', async ({ argv, says }) => {
    await using t = await setup();
    const { code, out, err } = await t.status(...argv);
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(says)]);
  });

  it('The status command exits with 1 if nothing listens on the socket, and says what to check', async () => {
    await using t = await setup();
    await t.running.server.close();
    const { code, out, err } = await t.status();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`kettle status: no answer from ${t.running.path}: connect ECONNREFUSED`);
    expect(err).toContain('kubectl exec ds/kettle -- kettle status');
    expect((await t.status('--status-socket=/no/such.sock')).err).toContain(
      'from /no/such.sock: connect ENOENT',
    );
  });

  it("The status command reads only the socket from the program's environment, and prefers the flag", async () => {
    await using t = await setup();
    const env = { ROLEGATE_STATUS_SOCKET: '/no/such.sock', ROLEGATE_POD: 'x/y', ROLEGATE_READY: 'true' };
    expect((await t.statusWith(env)).err).toContain('from /no/such.sock');
    expect(await t.statusWith(env, '--status-socket', t.running.path)).toMatchObject({ code: 0, out: '.\n' });
  });

  it('The --help flag lists the flags of the status command', async () => {
    await using t = await setup();
    const { code, out } = await t.status('--help');
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^kettle status: [^]*--pod TEXT[^]*--status-socket/),
    ]);
  });
});

describe('Log-level command', () => {
  it('The log-level command prints the level, changes it, and changes it back', async () => {
    await using t = await setup();
    expect(await t.level()).toEqual({ code: 0, out: 'info\n', err: '' });
    expect(await t.level('debug')).toEqual({ code: 0, out: 'debug\n', err: '' });
    expect(t.running.log.level?.get()).toBe('debug');
    expect(await t.level('info')).toEqual({ code: 0, out: 'info\n', err: '' });
  });

  it('The log-level command exits with 2 for an unknown level or a second argument', async () => {
    await using t = await setup();
    expect(await t.level('loud')).toMatchObject({
      code: 2,
      err: 'unknown level; use one of debug, info, warn, error\n',
    });
    expect(await t.level('debug', 'twice')).toMatchObject({ code: 2 });
  });
});
