import { describeError } from '@rolegate/runtime';
import type { Part, PartOptions } from '../step.ts';
import type { Row } from '../table.ts';
import { agentCells, leftOut } from './agent-faults.ts';
import type { Cell } from './fault.ts';
import { seconds } from './judge.ts';
import type { CellOutcome } from './judge.ts';
import { playCell } from './try-fault.ts';
import { serverSideCells } from './server-faults.ts';
import { serviceCells } from './service-faults.ts';
import { stand } from '../running-world.ts';
import type { Standing } from '../running-world.ts';

/** Worlds that are played in at once: most of a cell is waiting. */
const LANES = 2;
const LAST_LINES = 20;

const HEAD = [
  'what',
  'fault',
  'requests of running Pods',
  'success',
  'least life left',
  'AssumeRole new / again',
  'withdrawn permit, in the fault',
  'new Pod, held session',
  'new Pod, new role',
  'fresh after',
];

export const matrix: Part = {
  name: 'matrix',
  title: 'One thing fails in one way',
  async play(options) {
    const { print, only } = options;
    const cells = [...serverSideCells, ...serviceCells, ...agentCells].filter((cell) =>
      only.test(`${cell.target} ${cell.harm}`),
    );
    const rows = new Map<Cell, Row>();
    const faults: string[] = [];
    const waiting = [...cells];
    await Promise.all(
      Array.from({ length: Math.min(LANES, cells.length) }, async () => {
        for await (const { cell, row, found, lastLines } of playAll(waiting, options)) {
          rows.set(cell, row);
          faults.push(...found.map((fault) => `${cell.target} × ${cell.harm}: ${fault}`));
          print(row.join(' | '), found.length === 0 ? [] : [...found, ...lastLines]);
        }
      }),
    );
    faults.push(...waiting.map(({ target, harm }) => `${target} × ${harm}: not played, the time was over`));
    return {
      head: HEAD,
      rows: cells.flatMap((cell) => [rows.get(cell) ?? []]).filter(isPlayed),
      faults,
      notes,
    };
  },
};

const isPlayed = (row: Row): boolean => row.length > 0;

const notes = leftOut.map(({ target, harm, why }) => `${target} × ${harm} makes no sense: ${why}.`);

interface Told {
  readonly cell: Cell;
  readonly row: Row;
  readonly found: readonly string[];
  /** Of the programs' logs. */
  readonly lastLines: readonly string[];
}

/** Takes cell after cell; after one that failed the next begins in a world of its own. */
async function* playAll(
  waiting: Cell[],
  { agentFlags, signal }: Pick<PartOptions, 'agentFlags' | 'signal'>,
): AsyncGenerator<Told> {
  const options = agentFlags === undefined ? {} : { agentFlags };
  let standing: Standing | undefined;
  try {
    while (!signal.aborted) {
      const cell = waiting.shift();
      if (cell === undefined) return;
      const opened: Standing | Error = standing ?? (await stand(options).catch(asError));
      if (opened instanceof Error) {
        yield unplayed(cell, opened, []);
        continue;
      }
      standing = opened;
      const told = await tell(standing, cell);
      if (told.found.length > 0) {
        await standing[Symbol.asyncDispose]();
        standing = undefined;
      }
      yield told;
    }
  } finally {
    await standing?.[Symbol.asyncDispose]();
  }
}

async function tell(standing: Standing, cell: Cell): Promise<Told> {
  const { lines } = standing.world;
  try {
    const outcome = await playCell(standing, cell);
    return { cell, row: rowOf(outcome), found: outcome.faults, lastLines: lines.slice(-LAST_LINES) };
  } catch (error) {
    return unplayed(cell, error, lines.slice(-LAST_LINES));
  }
}

function unplayed(cell: Cell, error: unknown, lastLines: readonly string[]): Told {
  const row = [cell.target, `${cell.harm}: ${cell.how}`, ...HEAD.slice(2).map(() => '?')];
  return { cell, row, found: [describeError(error)], lastLines };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function rowOf({ cell, tally, calls, during, freshMs, failedForMs }: CellOutcome): Row {
  const { requests, failures, leastLifeMs, longestGapMs } = tally;
  const rate = ((requests - failures.length) / requests) * 100;
  const gap =
    failures.length === 0 ? '' : `; gap ${seconds(longestGapMs)}, ${seconds(failedForMs ?? 0)} after`;
  const when = (ms: number | undefined) => (ms === undefined ? 'after it' : seconds(ms));
  return [
    cell.target,
    `${cell.harm}: ${cell.how}`,
    String(requests),
    `${failures.length === 0 ? '100' : rate.toFixed(1)} %${gap}`,
    `${(leastLifeMs / 60_000).toFixed(1)} min`,
    `${calls.newRoles} / ${calls.heldAgain}`,
    when(during.withdrawn),
    when(during.shared),
    when(during.newRole),
    freshMs === 0 ? 'was fresh' : seconds(freshMs),
  ];
}
