import type { LoadResult } from '../children/load.ts';
import { cpuEach } from '../row.ts';
import { median } from '../statistics.ts';

/** A measured server. `raw` shows the limit of the load generator. URLs are endpoints of --against. */
export type Contender =
  | 'bare'
  | 'agent'
  | 'agent without token'
  | 'agent at debug'
  | 'agent by ServiceAccount token'
  | 'raw'
  | `http://${string}`;

/** The result of a contender in one turn. */
export interface Cell extends LoadResult {
  readonly contender: Contender;
  readonly keepAlive: boolean;
  readonly round: number;
  /** CPU time of the server in the turn. Undefined if unknown. */
  readonly cpuMs: number | undefined;
}

/** Figures for one kind of connection. */
export interface WarmFigures {
  /** For each round, the median of its slices. Each contender has one turn in a slice. */
  readonly ratios: (contender: Contender, figure: 'rps' | 'p99Ms') => number[];
  /** CPU time per request relative to `bare`, for each round. */
  readonly cpuRatios: (contender: Contender) => number[];
  readonly middle: (contender: Contender, figure: keyof LoadResult) => number;
  /** The medians of the contender and of `bare` as text. */
  readonly both: (contender: Contender, figure: 'rps' | 'p99Ms', say: (value: number) => string) => string;
  /** CPU time per request as text. Empty if unknown. */
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

/** Sums CPU ticks before dividing, because one turn has few of them. NaN if unknown. */
function cpuOf(cells: readonly Cell[]) {
  const cpuMs = cells.reduce((sum, cell) => sum + (cell.cpuMs ?? NaN), 0);
  const requests = cells.reduce((sum, cell) => sum + cell.requests, 0);
  return { cpuMs, requests, each: cpuMs / requests };
}
