import type { ProgramLine, Row, Step } from '@rolegate/testing';
import type { ChaosWorldOptions } from './world-programs.ts';
import type { RunningWorld, RunningWorlds } from './running-worlds.ts';

/** What the steps of a part share. */
export interface PartWorld {
  /** Log lines of the programs of all worlds. */
  readonly lines: ProgramLine[];
  readonly running: RunningWorlds;
  /** Options for worlds that a step opens itself. */
  readonly options: ChaosWorldOptions;
  /** Rows for the part's table, by step title. */
  readonly rows: Map<string, readonly Row[]>;
  /** Exceeded limits, for the report. */
  readonly problems: string[];
  /** Printed below the table. */
  readonly notes: string[];
}

export type ChaosStep = Step<PartWorld>;

export interface StepResult {
  readonly row: Row;
  readonly problems: readonly string[];
}

/** A step that adds a row to the part's table and fails if there are problems. */
export function measuredStep(title: string, run: (world: PartWorld) => Promise<StepResult>): ChaosStep {
  return {
    title,
    async run(world) {
      const { row, problems } = await run(world);
      addRows(world, { title, rows: [row], problems });
      return row.join(' | ');
    },
  };
}

/** A measured step in a world with running Pods. */
export function runningStep(title: string, run: (world: RunningWorld) => Promise<StepResult>): ChaosStep {
  return measuredStep(title, ({ running }) => running.use(run));
}

/** Throws if there are problems. */
export function addRows(
  world: PartWorld,
  { title, rows, problems }: { title: string; rows: readonly Row[]; problems: readonly string[] },
): void {
  world.rows.set(title, rows);
  if (problems.length === 0) return;
  world.problems.push(...problems.map((problem) => `${title}: ${problem}`));
  throw new Error(problems.join('\n        '));
}
