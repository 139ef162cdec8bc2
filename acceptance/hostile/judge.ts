import type { Row } from '@rolegate/testing';
import { quantile } from '../bench/statistics.ts';
import type { Answers } from './clients/calls.ts';
import type { ProgramName } from '../chart-programs/node-programs.ts';
import { programNames } from '../chart-programs/node-programs.ts';
import type { ProgramObservations, Observations } from './watch/observations.ts';

/** The run fails beyond this, when SDKs give up. Milliseconds. */
const MOST_P99_MS = 1_000;
/** Promise S7. Reported but not judged, because the machine may be busy. Milliseconds. */
const PROMISED_P99_MS = 100;
const MIB = 2 ** 20;

export interface Judgment {
  /** Violations of the promise. */
  readonly problems: readonly string[];
  readonly row: Row;
  /** Further observations. */
  readonly notes?: readonly string[];
}

export const tableHead: Row = [
  'attack',
  'requests served',
  'p50',
  'p99',
  '≤ 100 ms',
  'timer delay',
  'agent',
  'reconcile',
  'server',
  'restarts',
  'probes',
];

/** Compares the observations during an attack with promise S7 (DESIGN.md 5). */
export function judge(title: string, observed: Observations): Judgment {
  const { others, workers, probes, programs } = observed;
  const honest = workers === undefined ? [others] : [others, workers];
  const tookMs = honest.flatMap((answers) => answers.tookMs);
  const [requests, failed] = [sum(honest, (answers) => answers.requests), sum(honest, failuresOf)];
  const p99Ms = quantile(tookMs, 0.99);
  const [made, missed] = [sum(probes, (probe) => probe.made), sum(probes, ({ failures }) => failures.length)];
  return {
    problems: [
      ...(observed.othersDisrupted ? [] : answerProblems('other Pods', others, observed)),
      ...(workers === undefined ? [] : answerProblems('the workers', workers, observed)),
      ...programNames.flatMap((name) => programProblems(name, programs[name])),
      ...probeProblems(observed),
    ],
    row: [
      title,
      `${requests - failed} of ${requests}`,
      milliseconds(quantile(tookMs, 0.5)),
      milliseconds(p99Ms),
      p99Ms <= PROMISED_P99_MS ? 'yes' : 'no',
      milliseconds(observed.timerDelay.p99Ms),
      ...programNames.map((name) => memory(programs[name])),
      String(sum(programNames, (name) => programs[name].ends.length)),
      `${made - missed} of ${made}`,
    ],
  };
}

function answerProblems(who: string, answers: Answers, { timerDelay }: Observations): string[] {
  const problems: string[] = [];
  const failed = failuresOf(answers);
  const machine = `timers were ${milliseconds(timerDelay.p99Ms)} late (p99), up to ${milliseconds(timerDelay.worstMs)}`;
  if (answers.requests === 0) problems.push(`${who}: no requests were sent`);
  if (failed > 0) {
    const kinds = Object.entries(answers.failures).map(([what, count]) => `${count} × ${what}`);
    problems.push(
      `${who}: ${failed} of ${answers.requests} requests failed (${kinds.join(', ')}); ${machine}`,
    );
  }
  const p99Ms = quantile(answers.tookMs, 0.99);
  if (p99Ms > MOST_P99_MS) problems.push(`${who}: p99 is ${milliseconds(p99Ms)}; ${machine}`);
  return problems;
}

/** Unexpected ends, OOM kills, and memory above the limit. */
export function programProblems(
  name: ProgramName,
  { ends, oomKills, peak, limitBytes }: ProgramObservations,
): string[] {
  const problems: string[] = [];
  if (ends.length > 0) {
    const why = oomKills > 0 ? `; OOM kills: ${oomKills}` : '';
    problems.push(`${name} ended unexpectedly: ${ends.join(', ')}${why}`);
  } else if (oomKills > 0)
    problems.push(`${name} still runs, but OOM kills in its control group: ${oomKills}`);
  if (peak.bytes > limitBytes)
    problems.push(
      `${name} used ${mebibytes(peak.bytes)} MiB, ${mebibytes(peak.socketBytes)} MiB of it in socket buffers; ` +
        `its limit is ${mebibytes(limitBytes)} MiB`,
    );
  return problems;
}

export function probeProblems({ probes, timerDelay }: Pick<Observations, 'probes' | 'timerDelay'>): string[] {
  return probes.flatMap(({ name, made, failures }) =>
    failures.length === 0
      ? []
      : [
          `${failures.length} of ${made} probes failed: ${name} (${[...new Set(failures)].join(', ')}); ` +
            `timers were up to ${milliseconds(timerDelay.worstMs)} late`,
        ],
  );
}

function failuresOf({ failures }: Answers): number {
  return sum(Object.values(failures), (count) => count);
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Peak usage and limit. */
export function memory({ peak, limitBytes }: ProgramObservations): string {
  return `${mebibytes(peak.bytes)} / ${mebibytes(limitBytes)} MiB`;
}

export function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

export function milliseconds(ms: number): string {
  return Number.isNaN(ms) ? '–' : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
