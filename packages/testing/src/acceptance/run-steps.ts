import { lastLines } from './world.ts';
import type { World } from './world.ts';

/** A step of a suite. */
export interface Step<StepWorld> {
  /** A whole sentence that makes sense alone in a CI line. */
  readonly title: string;
  /** Throws `Skipped`, or an Error that says what is wrong. A returned text is printed with the title. */
  readonly run: (world: StepWorld) => Promise<unknown>;
}

/** The result of a suite. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Steps that were not run because the suite ended. */
  readonly notRun: number;
}

/** Thrown by a step that this machine cannot run. The message is the reason. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

export interface RunStepsOptions<StepWorld> {
  readonly steps: readonly Step<StepWorld>[];
  /** Passed to every step. */
  readonly world: StepWorld;
  readonly print: (line: string) => void;
  /** Ends the suite: the current step fails and the others are not run. */
  readonly signal: AbortSignal;
  /** How many steps run at the same time. Defaults to 1. */
  readonly atOnce?: number;
}

/** Runs the steps in order. A failed step does not stop the others. */
export async function runSteps<StepWorld extends Pick<World, 'lines'>>({
  steps,
  world,
  print,
  signal,
  atOnce = 1,
}: RunStepsOptions<StepWorld>): Promise<Outcome> {
  const aborted = untilAborted(signal);
  const counts = { passed: 0, failed: 0, skipped: 0 };

  async function runStep({ title, run }: Step<StepWorld>): Promise<void> {
    const [startMs, from] = [performance.now(), world.lines.length];
    const took = () => `${Math.round(performance.now() - startMs)} ms`;
    try {
      const said = await Promise.race([run(world), aborted]);
      counts.passed++;
      print(`ok      ${title} (${typeof said === 'string' ? `${said}; ` : ''}${took()})`);
    } catch (error) {
      if (error instanceof Skipped) {
        counts.skipped++;
        print(`skipped ${title}: ${error.message}`);
        return;
      }
      counts.failed++;
      print(`FAILED  ${title} (${took()}): ${error instanceof Error ? error.message : String(error)}`);
      for (const line of lastLines(world.lines.slice(from))) print(line);
    }
  }

  const waiting = [...steps];
  async function runWaiting(): Promise<void> {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      await runStep(step);
      if (signal.aborted) return;
    }
  }
  if (!signal.aborted) await Promise.all(Array.from({ length: atOnce }, runWaiting));
  return { ...counts, notRun: waiting.length };
}

/** Adds up the results of several runs. */
export function sumOfOutcomes(outcomes: readonly Outcome[]): Outcome {
  const sum = { passed: 0, failed: 0, skipped: 0, notRun: 0 };
  for (const outcome of outcomes)
    for (const key of ['passed', 'failed', 'skipped', 'notRun'] as const) sum[key] += outcome[key];
  return sum;
}

/** The last line of a suite's output. */
export function summaryOf({ passed, failed, skipped, notRun }: Outcome): string {
  const more = [
    [skipped, 'skipped'],
    [notRun, 'not run'],
  ] as const;
  const rest = more.filter(([count]) => count > 0).map(([count, word]) => `, ${count} ${word}`);
  return `${passed} passed, ${failed} failed${rest.join('')}`;
}

/** Exit code of a suite that this machine cannot run, as in automake. */
export const EXIT_SKIPPED = 77;

/** Returns 0 only if every step has run or was skipped with a reason, and at least one has passed. */
export function exitCodeOf({ passed, failed, skipped, notRun }: Outcome): number {
  if (failed > 0 || notRun > 0) return 1;
  if (passed > 0) return 0;
  return skipped > 0 ? EXIT_SKIPPED : 1;
}

/**
 * Aborts on SIGINT, SIGTERM, an uncaught exception or a timeout, so that the suite cleans up and ends whatever hangs.
 * `longestMs` is for the whole suite.
 */
export function suiteSignal(longestMs: number): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      stop.abort(new Error(`interrupted by ${name}`));
    });
  process.on('uncaughtException', (error) => {
    stop.abort(error);
  });
  setTimeout(() => {
    stop.abort(new Error(`the suite took longer than ${longestMs / 1000} s`));
  }, longestMs).unref();
  return stop.signal;
}

/** Rejects with the reason when the signal aborts. Never resolves. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  signal.addEventListener('abort', () => {
    reject(signal.reason as Error);
  });
  return promise;
}
