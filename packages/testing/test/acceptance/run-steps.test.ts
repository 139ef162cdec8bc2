import { describe, expect, it } from 'vitest';
import { EXIT_SKIPPED, exitCodeOf, runSteps, Skipped, sumOfOutcomes, summaryOf } from '@rolegate/testing';
import type { Outcome, ProgramLine, Step } from '@rolegate/testing';

interface TestWorld {
  readonly lines: ProgramLine[];
  readonly ran: string[];
}

function step(title: string, run?: Step<TestWorld>['run']): Step<TestWorld> {
  return {
    title,
    run(world) {
      world.ran.push(title);
      return run === undefined ? Promise.resolve(undefined) : run(world);
    },
  };
}

async function play(steps: readonly Step<TestWorld>[], signal = new AbortController().signal) {
  const world: TestWorld = { lines: [], ran: [] };
  const printed: string[] = [];
  const outcome = await runSteps({ steps, world, signal, print: (line) => printed.push(line) });
  return { outcome, ran: world.ran, printed: printed.map((line) => line.replace(/\d+ ms/, 'N ms')) };
}

const outcome = (counts: Partial<Outcome>): Outcome => ({
  passed: 0,
  failed: 0,
  skipped: 0,
  notRun: 0,
  ...counts,
});

describe('runSteps', () => {
  it('runs every step in order and prints what each has to say', async () => {
    const { ran, printed } = await play([step('First.', () => Promise.resolve('3 Pods')), step('Second.')]);
    expect(ran).toEqual(['First.', 'Second.']);
    expect(printed).toEqual(['ok      First. (3 Pods; N ms)', 'ok      Second. (N ms)']);
  });

  it('goes on after a failed step and prints why it failed', async () => {
    const { outcome: counts, printed } = await play([
      step('First.', () => Promise.reject(new Error('it is broken'))),
      step('Second.'),
    ]);
    expect(counts).toEqual(outcome({ passed: 1, failed: 1 }));
    expect(printed[0]).toBe('FAILED  First. (N ms): it is broken');
  });

  it('prints the lines that programs logged during a failed step, and no debug lines', async () => {
    const { printed } = await play([
      step('First.', ({ lines }) => {
        lines.push({ program: 'agent', line: 'of the first step' });
        return Promise.resolve(undefined);
      }),
      step('Second.', ({ lines }) => {
        lines.push(
          { program: 'agent', line: '{"level":"debug"}' },
          { program: 'server', line: 'out of memory' },
        );
        return Promise.reject(new Error('it is broken'));
      }),
    ]);
    expect(printed.slice(2)).toEqual(['      server: out of memory']);
  });

  it('counts a skipped step by its reason and not as failed', async () => {
    const { outcome: counts, printed } = await play([
      step('First.', () => Promise.reject(new Skipped('there is no python3'))),
    ]);
    expect(counts).toEqual(outcome({ skipped: 1 }));
    expect(printed).toEqual(['skipped First.: there is no python3']);
  });

  it('fails the current step when it is aborted, and runs none of the others', async () => {
    const stop = new AbortController();
    const hangs = step('First.', () => {
      stop.abort(new Error('interrupted by SIGINT'));
      return new Promise(() => undefined);
    });
    const { outcome: counts, printed } = await play([hangs, step('Second.')], stop.signal);
    expect(counts).toEqual(outcome({ failed: 1, notRun: 1 }));
    expect(printed).toEqual(['FAILED  First. (N ms): interrupted by SIGINT']);
  });
});

describe('runSteps with several steps at once', () => {
  it('starts the next step in its order whenever one has ended, and runs each once', async () => {
    const world: TestWorld = { lines: [], ran: [] };
    const first = Promise.withResolvers<undefined>();
    const steps = [
      step('First.', () => first.promise),
      step('Second.'),
      step('Third.', () => {
        first.resolve(undefined);
        return Promise.resolve(undefined);
      }),
    ];
    const { signal } = new AbortController();
    const counts = await runSteps({ steps, world, signal, print: () => undefined, atOnce: 2 });
    expect(counts).toEqual(outcome({ passed: 3 }));
    expect(world.ran).toEqual(['First.', 'Second.', 'Third.']);
  });
});

describe('sumOfOutcomes', () => {
  it('adds up every count', () => {
    const one = { passed: 1, failed: 2, skipped: 3, notRun: 4 };
    expect(sumOfOutcomes([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6, notRun: 8 });
  });
});

describe('summaryOf', () => {
  it('always names passed and failed steps, and others only if there are any', () => {
    expect(summaryOf(outcome({ passed: 3 }))).toBe('3 passed, 0 failed');
    expect(summaryOf(outcome({ passed: 1, failed: 2, skipped: 3, notRun: 4 }))).toBe(
      '1 passed, 2 failed, 3 skipped, 4 not run',
    );
  });
});

describe('exitCodeOf', () => {
  it.each([
    { of: 'only passed steps', counts: { passed: 2 }, code: 0 },
    { of: 'passed and skipped steps', counts: { passed: 2, skipped: 1 }, code: 0 },
    { of: 'a failed step', counts: { passed: 2, failed: 1 }, code: 1 },
    { of: 'a step that was not run', counts: { passed: 2, notRun: 1 }, code: 1 },
    { of: 'only skipped steps', counts: { skipped: 2 }, code: EXIT_SKIPPED },
    { of: 'no step at all', counts: {}, code: 1 },
  ])('is $code for $of', ({ counts, code }) => {
    expect(exitCodeOf(outcome(counts))).toBe(code);
  });
});
