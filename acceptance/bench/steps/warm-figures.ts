import type { LoadResult } from '../children/load.ts';
import { cpuEach } from '../row.ts';
import { median } from '../statistics.ts';

/** Who is asked. `raw` shows what the load generator could; a URL is an endpoint of --against. */
export type Contender =
  'bare' | 'agent' | 'agent without token' | 'agent at debug' | 'raw' | `http://${string}`;

/** What one contender did in one turn. */
export interface Cell extends LoadResult {
  readonly contender: Contender;
  readonly keepAlive: boolean;
  readonly round: number;
  /** CPU of the server in all of it. Milliseconds; undefined if it is not known. */
  readonly cpuMs: number | undefined;
}

/** What the cells of one kind of connection say. */
export interface WarmFigures {
  /** Of each round, the median of its slices, in each of which all took their turn. */
  readonly ratios: (contender: Contender, figure: 'rps' | 'p99Ms') => number[];
  /** CPU for a request to that of `bare`, of each round. */
  readonly cpuRatios: (contender: Contender) => number[];
  readonly middle: (contender: Contender, figure: keyof LoadResult) => number;
  /** The contender's median and that of `bare`, in words. */
  readonly both: (contender: Contender, figure: 'rps' | 'p99Ms', say: (value: number) => string) => string;
  /** CPU for a request, in words; '' if it is not known. */
  readonly cpu: (contender: Contender) => string;
}

export function warmFigures(all: readonly Cell[], keepAlive: boolean): WarmFigures {
  const cells = all.filter((cell) => cell.keepAlive === keepAlive);
  const rounds = [...new Set(cells.map(({ round }) => round))];
  const of = (contender: Contender, round?: number) =>
    cells.filter((cell) => cell.contender === contender && (round === undefined || cell.round === round));
  const middle = (contender: Contender, figure: keyof LoadResult) =>
    median(of(contender).map((cell) => cell[figure]));
  return {
    middle,
    ratios: (contender, figure) =>
      rounds.map((round) => {
        const bare = of('bare', round);
        return median(
          of(contender, round).map((cell, slice) => cell[figure] / (bare[slice]?.[figure] ?? NaN)),
        );
      }),
    cpuRatios: (contender) =>
      rounds.map((round) => cpuOf(of(contender, round)).each / cpuOf(of('bare', round)).each),
    both: (contender, figure, say) => `${say(middle(contender, figure))} to ${say(middle('bare', figure))}`,
    cpu: (contender) => {
      const { cpuMs, requests } = cpuOf(of(contender));
      return Number.isNaN(cpuMs) ? '' : cpuEach(cpuMs, requests, 'a request');
    },
  };
}

/** Ticks are summed before they are divided: one turn has few of them. Milliseconds; NaN if they are not known. */
function cpuOf(cells: readonly Cell[]) {
  const cpuMs = cells.reduce((sum, cell) => sum + (cell.cpuMs ?? NaN), 0);
  const requests = cells.reduce((sum, cell) => sum + cell.requests, 0);
  return { cpuMs, requests, each: cpuMs / requests };
}
