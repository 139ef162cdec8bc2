import { lastLines } from './world.ts';
import type { World } from './world.ts';

/** One thing that a suite shows. */
export interface Step<StepWorld> {
  /** A whole sentence that makes sense alone in a line of CI. */
  readonly title: string;
  /** Throws an Error that says what was wrong, or `Skipped`. Text that it returns is printed beside the title. */
  readonly run: (world: StepWorld) => Promise<unknown>;
}

/** What has become of the steps of a suite. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Steps that the end of the suite left out. */
  readonly notRun: number;
}

/** Thrown by a step that this machine cannot run. The message is the reason. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

export interface RunStepsOptions<StepWorld> {
  readonly steps: readonly Step<StepWorld>[];
  /** What every step works with. */
  readonly world: StepWorld;
  readonly print: (line: string) => void;
  /** Ends the suite: the current step fails, the others are not run. */
  readonly signal: AbortSignal;
  /** How many steps run at the same time: 1 by default. */
  readonly atOnce?: number;
}

/** Runs the steps in their order. A failed step ends none of the others. */
export async function runSteps<StepWorld extends Pick<World, 'lines'>>({
  steps,
  world,
  print,
  signal,
  atOnce = 1,
}: RunStepsOptions<StepWorld>): Promise<Outcome> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => undefined);
  signal.addEventListener('abort', () => {
    reject(signal.reason as Error);
  });
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

/** What has become of several runs together. */
export function sumOfOutcomes(outcomes: readonly Outcome[]): Outcome {
  const sum = { passed: 0, failed: 0, skipped: 0, notRun: 0 };
  for (const outcome of outcomes)
    for (const key of ['passed', 'failed', 'skipped', 'notRun'] as const) sum[key] += outcome[key];
  return sum;
}

/** The last line of a suite. */
export function summaryOf({ passed, failed, skipped, notRun }: Outcome): string {
  const more = [
    [skipped, 'skipped'],
    [notRun, 'not run'],
  ] as const;
  const rest = more.filter(([count]) => count > 0).map(([count, word]) => `, ${count} ${word}`);
  return `${passed} passed, ${failed} failed${rest.join('')}`;
}

/** The exit code of a suite that this machine cannot run; automake's. */
export const EXIT_SKIPPED = 77;

/** 0 only if every step has run or named why it was skipped, and at least one has passed. */
export function exitCodeOf({ passed, failed, skipped, notRun }: Outcome): number {
  if (failed > 0 || notRun > 0) return 1;
  if (passed > 0) return 0;
  return skipped > 0 ? EXIT_SKIPPED : 1;
}

/**
 * Aborts by SIGINT, SIGTERM, an uncaught exception, or when the time is over: the suite cleans up and ends, whatever hangs.
 * `longestMs`: for the whole suite.
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
