import type { LoadResult } from '../children/load.ts';
import type { Memory } from '../process-usage.ts';
import { rowOf, say } from '../row.ts';
import type { Measured, Row } from '../row.ts';
import { median } from '../statistics.ts';
import type { Cell, Contender } from './warm.ts';

type Figure = 'rps' | 'p99Ms';

/** What the cells say, each as a ratio to `bare` of the same round. */
export function warmRows(
  cells: readonly Cell[],
  { memory, pods, clients }: { memory: Memory; pods: number; clients: number },
): Row[] {
  const faults = cells.reduce((sum, cell) => sum + cell.faults, 0);
  return [
    ...[true, false].flatMap((keepAlive) => connectionRows(cells, keepAlive, clients)),
    rowOf({ what: 'the same, answers that were no 200', values: [faults], say: say.count, atMost: 0 }),
    rowOf({
      what: `agent RSS, ${pods} Pods, after that load`,
      values: [memory.rss],
      say: say.mb,
      atMost: 82,
    }),
    rowOf({
      what: `agent RSS, ${pods} Pods, anonymous part`,
      values: [memory.anonymous],
      say: say.mb,
      beside: `peak of both parts ${say.mb(memory.peak)}`,
      atMost: 28,
    }),
  ];
}

function connectionRows(all: readonly Cell[], keepAlive: boolean, clients: number): Row[] {
  const cells = all.filter((cell) => cell.keepAlive === keepAlive);
  const rounds = [...new Set(cells.map(({ round }) => round))];
  const of = (contender: Contender, round?: number) =>
    cells.filter((cell) => cell.contender === contender && (round === undefined || cell.round === round));
  const middle = (contender: Contender, figure: keyof LoadResult) =>
    median(of(contender).map((cell) => cell[figure]));
  /** Of a round the median of its slices, in each of which all took their turn. */
  const ratios = (contender: Contender, figure: Figure) =>
    rounds.map((round) => {
      const bare = of('bare', round);
      return median(of(contender, round).map((cell, slice) => cell[figure] / (bare[slice]?.[figure] ?? NaN)));
    });
  const both = (contender: Contender, figure: Figure, said: (value: number) => string) =>
    `${said(middle(contender, figure))} to ${said(middle('bare', figure))}`;
  const what = `warm answer, ${keepAlive ? 'keep-alive' : 'new connection each'}, ${clients} clients`;
  const rps = (contender: Contender, bound: Pick<Measured, 'atLeast'>, name: string) =>
    rowOf({
      what: `${what}: ${name}`,
      values: ratios(contender, 'rps'),
      say: say.ratio,
      beside: both(contender, 'rps', say.count),
      ...bound,
    });
  return [
    rps('agent', { atLeast: 0.85 }, 'rps to bare'),
    rowOf({
      what: `${what}: p99 to bare`,
      values: ratios('agent', 'p99Ms'),
      say: say.ratio,
      beside: both('agent', 'p99Ms', say.ms),
      // DESIGN.md 6 names it for connections that are kept.
      ...(keepAlive && { atMost: 1.5 }),
    }),
    rowOf({
      what: `${what}: CPU for a request to bare`,
      values: rounds.map((round) => cpuOf(of('agent', round)) / cpuOf(of('bare', round))),
      say: say.ratio,
      beside: `${say.ms(cpuOf(of('agent')))} to ${say.ms(cpuOf(of('bare')))} for 1,000`,
    }),
    rps('agent without token', {}, 'rps without a token (IMDSv1)'),
    rps('agent at debug', {}, 'rps with the log at debug'),
    rowOf({
      what: `${what}: the load generator's own core`,
      values: [middle('agent', 'cpuShare')],
      say: say.share,
      beside: `bare ${say.share(middle('bare', 'cpuShare'))}; it can do ${say.count(middle('raw', 'rps'))} rps`,
    }),
  ];
}

/** For a thousand requests. Milliseconds. */
function cpuOf(cells: readonly Cell[]): number {
  const sum = (figure: 'cpuMs' | 'requests') => cells.reduce((all, cell) => all + cell[figure], 0);
  return (sum('cpuMs') * 1000) / sum('requests');
}
