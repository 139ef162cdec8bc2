import { runSteps } from '@rolegate/testing';
import type { Outcome, Row, Step, World } from '@rolegate/testing';

export interface RunOptions {
  /** Titles of the steps to run. */
  readonly only: RegExp;
  /** How much longer than its own time an attack lasts. */
  readonly stretch: number;
  /** The folder of the programs under test. */
  readonly bundles: string;
  readonly print: (line: string) => void;
  /** Ends the suite. */
  readonly signal: AbortSignal;
}

/** Steps that have one world and one table in common. */
export interface Part {
  /** Of the markers between which a report has its table. */
  readonly report: string;
  /** How many of the steps have such titles. */
  readonly matching: (only: RegExp) => number;
  readonly head: Row;
  readonly run: (
    options: RunOptions,
  ) => Promise<{ readonly outcome: Outcome; readonly rows: readonly Row[] }>;
}

export interface PartDefinition<PartWorld> extends Pick<Part, 'report' | 'head'> {
  readonly steps: readonly Step<PartWorld>[];
  /** What it opens is closed with the stack. */
  readonly open: (
    options: Pick<RunOptions, 'stretch' | 'bundles'>,
    stack: AsyncDisposableStack,
  ) => Promise<PartWorld>;
}

/** Every run opens a world of its own. */
export function createPart<PartWorld extends Pick<World, 'lines'> & { readonly rows: readonly Row[] }>({
  report,
  head,
  steps,
  open,
}: PartDefinition<PartWorld>): Part {
  const matching = (only: RegExp) => steps.filter(({ title }) => only.test(title));
  return {
    report,
    head,
    matching: (only) => matching(only).length,
    async run({ only, print, signal, ...options }) {
      await using stack = new AsyncDisposableStack();
      const world = await open(options, stack);
      const outcome = await runSteps({ steps: matching(only), world, print, signal });
      return { outcome, rows: world.rows };
    },
  };
}
