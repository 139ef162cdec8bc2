import type { Row } from '@rolegate/testing';
import { quantile } from '../bench/statistics.ts';
import type { Answers } from './clients/orders.ts';
import type { ProgramName } from '../chart-programs/node-programs.ts';
import { programNames } from '../chart-programs/node-programs.ts';
import type { ProgramSeen, Seen } from './watch/seen.ts';

/** The run fails beyond this; SDKs give up then. Milliseconds. */
const MOST_P99_MS = 1_000;
/** Of promise S7: reported, not judged, for the machine may be busy with something else. Milliseconds. */
const PROMISED_P99_MS = 100;
const MIB = 2 ** 20;

export interface Verdict {
  /** What must not be; empty if the promise was kept. */
  readonly faults: readonly string[];
  readonly row: Row;
  /** What else is worth knowing, whatever the verdict. */
  readonly remarks?: readonly string[];
}

export const tableHead: Row = [
  'attack',
  'others served',
  'p50',
  'p99',
  '≤ 100 ms',
  'timers late',
  'agent',
  'reconcile',
  'server',
  'restarts',
  'probes',
];

/** Holds what was seen during an attack against promise S7 (DESIGN.md 5). */
export function judge(title: string, seen: Seen): Verdict {
  const { others, crowd, probes, programs } = seen;
  const honest = crowd === undefined ? [others] : [others, crowd];
  const tookMs = honest.flatMap((answers) => answers.tookMs);
  const [requests, failed] = [sum(honest, (answers) => answers.requests), sum(honest, failuresOf)];
  const p99Ms = quantile(tookMs, 0.99);
  const [made, missed] = [sum(probes, (probe) => probe.made), sum(probes, ({ failures }) => failures.length)];
  return {
    faults: [
      ...(seen.disturbed ? [] : faultsOfAnswers('other Pods', others, seen)),
      ...(crowd === undefined ? [] : faultsOfAnswers('the crowd', crowd, seen)),
      ...programNames.flatMap((name) => faultsOfProgram(name, programs[name])),
      ...faultsOfProbes(seen),
    ],
    row: [
      title,
      `${requests - failed} of ${requests}`,
      milliseconds(quantile(tookMs, 0.5)),
      milliseconds(p99Ms),
      p99Ms <= PROMISED_P99_MS ? 'yes' : 'no',
      milliseconds(seen.late.p99Ms),
      ...programNames.map((name) => memory(programs[name])),
      String(sum(programNames, (name) => programs[name].ends.length)),
      `${made - missed} of ${made}`,
    ],
  };
}

function faultsOfAnswers(who: string, answers: Answers, { late }: Seen): string[] {
  const faults: string[] = [];
  const failed = failuresOf(answers);
  const machine = `the machine's own timers were ${milliseconds(late.p99Ms)} late (p99), ${milliseconds(late.worstMs)} at worst`;
  if (answers.requests === 0) faults.push(`${who}: nobody has asked anything`);
  if (failed > 0) {
    const kinds = Object.entries(answers.failures).map(([what, count]) => `${count} × ${what}`);
    faults.push(`${who}: ${failed} of ${answers.requests} requests failed (${kinds.join(', ')}); ${machine}`);
  }
  const p99Ms = quantile(answers.tookMs, 0.99);
  if (p99Ms > MOST_P99_MS) faults.push(`${who}: p99 is ${milliseconds(p99Ms)}; ${machine}`);
  return faults;
}

/** Ends, kills and too much memory. */
export function faultsOfProgram(
  name: ProgramName,
  { ends, oomKills, high, limitBytes }: ProgramSeen,
): string[] {
  const faults: string[] = [];
  if (ends.length > 0) {
    const why = oomKills > 0 ? `; the kernel killed ${oomKills} at the memory limit` : '';
    faults.push(`${name} ended by itself: ${ends.join(', ')}${why}`);
  } else if (oomKills > 0)
    faults.push(`${name}: the kernel killed ${oomKills} processes at the memory limit`);
  if (high.bytes > limitBytes)
    faults.push(
      `${name} needed ${mebibytes(high.bytes)} MiB, ${mebibytes(high.socketBytes)} of it in socket buffers; ` +
        `its limit is ${mebibytes(limitBytes)}`,
    );
  return faults;
}

/** Probes that failed. */
export function faultsOfProbes({ probes, late }: Pick<Seen, 'probes' | 'late'>): string[] {
  return probes.flatMap(({ name, made, failures }) =>
    failures.length === 0
      ? []
      : [
          `${failures.length} of ${made} probes failed: ${name} (${[...new Set(failures)].join(', ')}); ` +
            `the machine's own timers were ${milliseconds(late.worstMs)} late at worst`,
        ],
  );
}

function failuresOf({ failures }: Answers): number {
  return sum(Object.values(failures), (count) => count);
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The most that was needed, and the limit. */
export function memory({ high, limitBytes }: ProgramSeen): string {
  return `${mebibytes(high.bytes)} / ${mebibytes(limitBytes)} MiB`;
}

/** Whole ones. */
export function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

/** `–` for none. */
export function milliseconds(ms: number): string {
  return Number.isNaN(ms) ? '–' : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
