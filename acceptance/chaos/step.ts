import type { ProgramLine, Row, Step } from '@rolegate/testing';
import type { ChaosWorldOptions } from './world-programs.ts';
import type { RunningWorld, RunningWorlds } from './running-worlds.ts';

/** What the steps of a part share. */
export interface PartWorld {
  /** What the programs of all its worlds have logged. */
  readonly lines: ProgramLine[];
  readonly running: RunningWorlds;
  /** Of worlds that a step opens for itself. */
  readonly options: ChaosWorldOptions;
  /** What each step adds to the part's table. */
  readonly rows: Map<string, readonly Row[]>;
  /** Bounds that are broken, for the report. */
  readonly faults: string[];
  /** Below the table. */
  readonly notes: string[];
}

export type ChaosStep = Step<PartWorld>;

/** What a step has seen, and what of it must not be. */
export interface Seen {
  readonly row: Row;
  readonly faults: readonly string[];
}

/** A step that adds a row to the part's table, and fails if there is a fault. */
export function measuredStep(title: string, run: (world: PartWorld) => Promise<Seen>): ChaosStep {
  return {
    title,
    async run(world) {
      const { row, faults } = await run(world);
      addRows(world, { title, rows: [row], faults });
      return row.join(' | ');
    },
  };
}

/** The same in a world with Pods that run already. */
export function runningStep(title: string, run: (world: RunningWorld) => Promise<Seen>): ChaosStep {
  return measuredStep(title, ({ running }) => running.use(run));
}

/** Throws if there is a fault. */
export function addRows(
  world: PartWorld,
  { title, rows, faults }: { title: string; rows: readonly Row[]; faults: readonly string[] },
): void {
  world.rows.set(title, rows);
  if (faults.length === 0) return;
  world.faults.push(...faults.map((fault) => `${title}: ${fault}`));
  throw new Error(faults.join('\n        '));
}
