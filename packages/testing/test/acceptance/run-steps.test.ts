import { describe, expect, it } from 'vitest';
import {
  EXIT_SKIPPED,
  exitCodeOf,
  runSteps,
  Skipped,
  sumOfOutcomes,
  summaryOf,
  untilAborted,
} from '@rolegate/testing';
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

describe('Steps', () => {
  it('Every step runs in order, and its result is printed', async () => {
    const { ran, printed } = await play([step('First.', () => Promise.resolve('3 Pods')), step('Second.')]);
    expect(ran).toEqual(['First.', 'Second.']);
    expect(printed).toEqual(['ok      First. (3 Pods; N ms)', 'ok      Second. (N ms)']);
  });

  it('The other steps run after a failed one, and the reason is printed', async () => {
    const { outcome: counts, printed } = await play([
      step('First.', () => Promise.reject(new Error('it is broken'))),
      step('Second.'),
    ]);
    expect(counts).toEqual(outcome({ passed: 1, failed: 1 }));
    expect(printed[0]).toBe('FAILED  First. (N ms): it is broken');
  });

  it('The lines logged during a failed step are printed, except debug lines', async () => {
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

  it('A skipped step is printed with its reason, and is not counted as failed', async () => {
    const { outcome: counts, printed } = await play([
      step('First.', () => Promise.reject(new Skipped('there is no python3'))),
    ]);
    expect(counts).toEqual(outcome({ skipped: 1 }));
    expect(printed).toEqual(['skipped First.: there is no python3']);
  });

  it('An abort fails the current step, and no other step runs', async () => {
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

describe('Concurrent steps', () => {
  it('The next step starts whenever one has ended, and each runs once', async () => {
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

describe('Sum of outcomes', () => {
  it('The sum of outcomes adds up every count', () => {
    const one = { passed: 1, failed: 2, skipped: 3, notRun: 4 };
    expect(sumOfOutcomes([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6, notRun: 8 });
  });
});

describe('Summary', () => {
  it('The summary always names passed and failed steps, and others only if there are any', () => {
    expect(summaryOf(outcome({ passed: 3 }))).toBe('3 passed, 0 failed');
    expect(summaryOf(outcome({ passed: 1, failed: 2, skipped: 3, notRun: 4 }))).toBe(
      '1 passed, 2 failed, 3 skipped, 4 not run',
    );
  });
});

describe('Exit code', () => {
  it.each([
    { of: 'only passed steps', counts: { passed: 2 }, code: 0 },
    { of: 'passed and skipped steps', counts: { passed: 2, skipped: 1 }, code: 0 },
    { of: 'a failed step', counts: { passed: 2, failed: 1 }, code: 1 },
    { of: 'a step that was not run', counts: { passed: 2, notRun: 1 }, code: 1 },
    { of: 'only skipped steps', counts: { skipped: 2 }, code: EXIT_SKIPPED },
    { of: 'no step at all', counts: {}, code: 1 },
  ])('The exit code is $code for $of', ({ counts, code }) => {
    expect(exitCodeOf(outcome(counts))).toBe(code);
  });
});

it('Waiting for an abort ends with its reason', async () => {
  const stop = new AbortController();
  const aborted = untilAborted(stop.signal);
  stop.abort(new Error('interrupted'));
  await expect(aborted).rejects.toThrow('interrupted');
});
