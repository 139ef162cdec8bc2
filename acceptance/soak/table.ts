import { markdownTable } from '@rolegate/runtime';
import { slopeText, verdictOf } from './judge/memory.ts';
import type { Growth } from './judge/memory.ts';
import { risenIn } from './judge/levels.ts';
import type { Change } from './judge/levels.ts';
import type { SoakOptions, SoakResult } from './run-soak.ts';

/** What happened, in one sentence for each thing. */
export function summaryText({ minutes, seed, hasReconcile }: SoakOptions, result: SoakResult): string {
  const { faults, changes, requests, served, allowedFailures, longestRecoveryMs } = result;
  const count = Object.values(faults).reduce((sum, one) => sum + one, 0);
  return [
    `${minutes} minutes with seed ${seed}${hasReconcile ? '' : ', without `reconcile`, which needs root'}: ${changes} changes by the`,
    `churn, ${count} faults of ${Object.keys(faults).length} kinds, ${requests} requests. ${served} times a Pod of the churn was served`,
    `for the first time since its permit. ${allowedFailures} requests of running Pods failed during faults that allow it. The longest`,
    `recovery took ${(longestRecoveryMs / 1000).toFixed(1)} s.`,
  ].join(' ');
}

export function memoryTable(growths: readonly Growth[]): string {
  const size = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return markdownTable(
    [
      'program',
      'live at the end',
      'grows by',
      '1 MB an hour',
      'outside the heap at the end',
      'grows by',
      '1 MB an hour',
      'compiled code meanwhile',
    ],
    growths.map(({ program, live, outside, liveBytes, outsideBytes, codeBytes }) => [
      program,
      size(liveBytes),
      slopeText(live),
      verdictOf(live),
      size(outsideBytes),
      slopeText(outside),
      verdictOf(outside),
      `${size(codeBytes.from)} → ${size(codeBytes.to)}`,
    ]),
  );
}

/** One row for each thing that a program held at some time. */
export function levelsTable(levels: readonly Change[]): string {
  const names = [...new Set(levels.map(({ program }) => program))];
  const risen = new Set(risenIn(levels));
  const rows = new Map<string, Map<string, string>>();
  for (const change of levels) {
    const { program, what, before, after } = change;
    if (before === 0 && after === 0) continue;
    const row = rows.get(what) ?? new Map<string, string>();
    rows.set(what, row.set(program, `${before} → ${after}${risen.has(change) ? ' !' : ''}`));
  }
  return markdownTable(
    ['after the first churn → after the second', ...names],
    [...rows].map(([what, cells]) => [`\`${what}\``, ...names.map((name) => cells.get(name) ?? '')]),
  );
}

export function faultsTable({ faults }: SoakResult): string {
  return markdownTable(
    ['fault', 'times'],
    Object.entries(faults)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, times]) => [name, String(times)]),
  );
}
