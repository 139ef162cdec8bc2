import type { Endpoint } from '../against/endpoint.ts';
import type { Goal } from '../goal.ts';
import type { Memory } from '../process-usage.ts';
import { rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import type { Cell, Contender, WarmFigures } from './warm-figures.ts';
import { warmFigures } from './warm-figures.ts';

export interface WarmRowsOptions {
  readonly memory: Memory;
  readonly pods: number;
  readonly clients: number;
  /** Endpoints of --against. */
  readonly endpoints: readonly (Pick<Endpoint, 'url' | 'pid'> & { readonly withToken: boolean })[];
}

/** The rows of the part "warm". Ratios compare with `bare` in the same round. */
export function warmRows(cells: readonly Cell[], options: WarmRowsOptions): Row[] {
  const { memory, pods, endpoints } = options;
  return [
    ...connectionRows(cells, true, options),
    ...connectionRows(cells, false, options),
    ...failureRows(cells, endpoints),
    rowOf({
      what: `agent RSS, ${pods} Pods, after that load`,
      values: [memory.rss],
      say: say.mb,
      note: `peak ${say.mb(memory.peak)}`,
      atMost: 72,
    }),
    rowOf({
      what: `agent RSS, ${pods} Pods, anonymous part`,
      values: [memory.anonymous],
      say: say.mb,
      atMost: 22,
    }),
  ];
}

function connectionRows(
  cells: readonly Cell[],
  keepAlive: boolean,
  { clients, endpoints }: WarmRowsOptions,
): Row[] {
  const what = `warm answer, ${keepAlive ? 'keep-alive' : 'new connection each'}, ${clients} clients`;
  const figures = warmFigures(cells, keepAlive);
  const { middle, cpu } = figures;
  const rps = (contender: Contender, name: string, goal: Goal = {}) =>
    rowOf({
      what: `${what}: ${name}`,
      values: figures.ratios(contender, 'rps'),
      say: say.ratio,
      note: figures.both(contender, 'rps', say.count),
      cpu: cpu(contender),
      ...goal,
    });
  return [
    rps('agent', 'rps to bare', { atLeast: 1.2 }),
    // DESIGN.md 6 has goals for these two with keep-alive only.
    p99Row(`${what}: p99 to bare`, 'agent', figures, keepAlive ? { atMost: 1 } : {}),
    cpuRow(`${what}: CPU for a request to bare`, 'agent', figures, keepAlive ? { atMost: 0.9 } : {}),
    rps('agent without token', 'rps to bare without a token (IMDSv1)'),
    rps('agent at debug', 'rps to bare with the log at debug'),
    ...endpoints.flatMap(({ url, pid, withToken }) => {
      const contender = url as Contender;
      const name = `${url}, ${withToken ? 'with' : 'without'} a token`;
      return [
        rps(contender, `rps to bare of ${name}`),
        p99Row(`${what}: p99 to bare of ${name}`, contender, figures),
        ...(pid === undefined ? [] : [cpuRow(`${what}: CPU to bare of ${name}`, contender, figures)]),
      ];
    }),
    rowOf({
      what: `${what}: the load generator's own core`,
      values: [middle('agent', 'cpuShare')],
      say: say.share,
      note: `bare ${say.share(middle('bare', 'cpuShare'))}; it can do ${say.count(middle('raw', 'rps'))} rps`,
    }),
  ];
}

function p99Row(what: string, contender: Contender, figures: WarmFigures, goal: Goal = {}): Row {
  return rowOf({
    what,
    values: figures.ratios(contender, 'p99Ms'),
    say: say.ratio,
    note: figures.both(contender, 'p99Ms', say.ms),
    ...goal,
  });
}

function cpuRow(what: string, contender: Contender, figures: WarmFigures, goal: Goal = {}): Row {
  return rowOf({
    what,
    values: figures.cpuRatios(contender),
    say: say.ratio,
    note: `bare ${figures.cpu('bare')}`,
    cpu: figures.cpu(contender),
    ...goal,
  });
}

/** Failures of other endpoints are not ours. */
function failureRows(cells: readonly Cell[], endpoints: WarmRowsOptions['endpoints']): Row[] {
  const external: readonly string[] = endpoints.map(({ url }) => url);
  const failures = (counts: (contender: string) => boolean) => [
    cells.filter(({ contender }) => counts(contender)).reduce((sum, cell) => sum + cell.failures, 0),
  ];
  return [
    rowOf({
      what: 'the same, answers that were no 200',
      values: failures((contender) => !external.includes(contender)),
      say: say.count,
      atMost: 0,
    }),
    ...external.map((url) =>
      rowOf({
        what: `the same, answers of ${url} that were no 200`,
        values: failures((contender) => contender === url),
        say: say.count,
      }),
    ),
  ];
}
