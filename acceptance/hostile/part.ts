import { runSteps } from '@rolegate/testing';
import type { Outcome, Row, Step, World } from '@rolegate/testing';

export interface RunOptions {
  /** Pattern for the titles of the steps to run. */
  readonly only: RegExp;
  /** Factor for the duration of attacks. */
  readonly durationFactor: number;
  /** The folder with the programs under test. */
  readonly bundles: string;
  readonly print: (line: string) => void;
  /** Ends the suite. */
  readonly signal: AbortSignal;
}

/** Steps that share a world and a report table. */
export interface Part {
  /** Name in the markers around the table in a report. */
  readonly report: string;
  /** The number of matching steps. */
  readonly matching: (only: RegExp) => number;
  readonly head: Row;
  readonly run: (
    options: RunOptions,
  ) => Promise<{ readonly outcome: Outcome; readonly rows: readonly Row[] }>;
}

export interface PartDefinition<PartWorld> extends Pick<Part, 'report' | 'head'> {
  readonly steps: readonly Step<PartWorld>[];
  /** Opens the world; closed with the stack. */
  readonly open: (
    options: Pick<RunOptions, 'durationFactor' | 'bundles'>,
    stack: AsyncDisposableStack,
  ) => Promise<PartWorld>;
}

/** Each run opens a new world. */
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
