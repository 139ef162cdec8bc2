import { optional, text } from '@rolegate/runtime';
import { describe, expect, it } from 'vitest';
import { ClusterError } from '../../src/cluster/cluster-error.ts';
import type { Command, CommandCall } from '../../src/command-line/command.ts';
import { commands } from '../../src/command-line/commands.ts';
import { dispatch } from '../../src/command-line/dispatch.ts';
import { recordedOutput } from '../recorded-output.ts';

const flags = { namespace: optional(text('NAMESPACE'), { group: 'Which', help: 'its Namespace' }) };

const never = new AbortController().signal;

async function run(line: string, fails?: Error, { signal = never, closed = never } = {}) {
  const output = { ...recordedOutput(), closed };
  const calls: CommandCall<typeof flags>[] = [];
  const explain: Command<typeof flags> = {
    name: 'explain',
    summary: 'explains',
    words: ['POD'],
    flags,
    shortFlags: { n: 'namespace' },
    examples: [{ command: 'explain cart-0', shows: 'why' }],
    run(call) {
      calls.push(call);
      return fails === undefined ? Promise.resolve(1) : Promise.reject(fails);
    },
  };
  const code = await dispatch({
    commands: {
      explain: { summary: 'explains a Pod', load: () => Promise.resolve(explain) },
      'move plan': { summary: 'plans it', load: () => Promise.resolve({ ...explain, name: 'move plan' }) },
      'move back': { summary: 'undoes it', load: () => Promise.reject(new Error('not asked for')) },
    },
    argv: line === '' ? [] : line.split(' '),
    env: {},
    output,
    signal,
  });
  return { code, calls, printed: output.printed(), notes: output.notes };
}

describe('the command line', () => {
  it('runs the named command with its words and flags, and ends with its exit code', async () => {
    const { code, calls } = await run('explain cart-0 -n shop');
    expect(code).toBe(1);
    expect(calls[0]).toMatchObject({ words: ['cart-0'], values: { namespace: 'shop' } });
  });

  it.each(['', '--help', '-h', 'help'])('lists the commands: %j', async (line) => {
    const { code, printed } = await run(line);
    expect(code).toBe(0);
    expect(printed).toMatch(/ {2}explain +explains a Pod\n/);
  });

  it.each(['explain --help', 'help explain', 'explain -h'])('shows flags and examples: %s', async (line) => {
    const { code, printed } = await run(line);
    expect(code).toBe(0);
    expect(printed).toContain('--namespace NAMESPACE');
    expect(printed).toContain('  # why\n  kubectl rolegate explain cart-0\n');
  });

  it.each([
    { line: 'explian', says: 'did you mean explain?' },
    { line: 'explain', says: 'POD is required' },
    { line: 'explain a b', says: 'unexpected argument "b"' },
    { line: 'explain a --namspace x', says: 'did you mean --namespace?' },
  ])('ends with 2 and says what is wrong: $line', async ({ line, says }) => {
    const { code, notes } = await run(line);
    expect(code).toBe(2);
    expect(notes.join('\n')).toContain(says);
  });

  it('names the right that a command lacks, and ends with 3', async () => {
    const right = { verb: 'create', resource: 'pods/exec', namespace: 'rolegate' };
    const { code, notes } = await run('explain a', new ClusterError('forbidden', right, 'no'));
    expect(code).toBe(3);
    expect(notes[0]).toContain('missing right: create pods/exec in Namespace rolegate');
    expect(notes[0]).toContain('kubectl auth can-i create pods --subresource=exec -n rolegate');
  });

  it('runs a command whose name has two words', async () => {
    const { calls } = await run('move plan cart-0');
    expect(calls[0]).toMatchObject({ words: ['cart-0'] });
  });

  it.each(['move', 'move away', 'move -n shop'])(
    'names the second words of a command without one: %s',
    async (line) => {
      expect(await run(line)).toMatchObject({
        code: 2,
        notes: ['kubectl rolegate: move needs one of these words: plan, back'],
      });
    },
  );

  it.each(['move --help', 'help move', 'move -h'])('lists the commands of a group: %s', async (line) => {
    const { code, printed } = await run(line);
    expect(code).toBe(0);
    expect(printed).toMatch(/Commands:\n {2}move plan {2}plans it\n {2}move back {2}undoes it\n\n/);
  });

  it.each(['move plan --help', 'help move plan'])(
    'shows the help of a command of two words: %s',
    async (line) => {
      expect((await run(line)).printed).toContain('kubectl rolegate move plan POD [flags]');
    },
  );

  it.each(Object.entries(commands))('%s has examples of itself', async (name, { load }) => {
    const command = await load();
    expect(command.name).toBe(name);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(`${example.command} `.startsWith(`${name} `)).toBe(true);
  });

  it.each([
    { because: 'the user interrupts it', closed: never, code: 3 },
    { because: 'the reader of its output is gone', closed: AbortSignal.abort(), code: 0 },
  ])('ends quietly with $code if $because', async ({ closed, code }) => {
    const ended = await run('explain cart-0', new Error('aborted'), { signal: AbortSignal.abort(), closed });
    expect(ended).toMatchObject({ code, notes: [] });
  });
});
