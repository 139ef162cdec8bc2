import { record } from '@rolegate/runtime';
import { kiamChart, kube2iamChart } from './chart-values.ts';
import type { ChartValueRow } from './chart-values.ts';

/** What becomes of the values of an old release. */
export interface TranslatedValues {
  readonly agent: Readonly<Record<string, unknown>>;
  readonly server: Readonly<Record<string, unknown>>;
  /** Values for which something else is to be done. Without the values, which can be secrets. */
  readonly notes: readonly { readonly path: string; readonly why: string }[];
  /** Paths of values that are not needed any more. */
  readonly needless: readonly string[];
}

const MOST_NOTES = 200;

/**
 * Translates the user's values of kiam's or kube2iam's chart. A fault if they look like those of another chart: none of their names
 * is known.
 */
export function translateValues(
  system: 'kiam' | 'kube2iam',
  values: Readonly<Record<string, unknown>>,
): TranslatedValues | { readonly fault: string } {
  const rows = system === 'kiam' ? kiamChart : kube2iamChart;
  const tops = new Set(rows.map(({ from }) => from.split('.')[0]));
  const given = Object.keys(values);
  if (given.length > 0 && !given.some((name) => tops.has(name)))
    return {
      fault: `has none of the values of ${system}'s chart (it has ${given.slice(0, 5).join(', ')}); is it of another chart?`,
    };
  const agent = {};
  const server = {};
  const notes: { path: string; why: string }[] = [];
  const needless: string[] = [];
  for (const [path, value] of leaves(values, rows)) {
    const row = rowFor(path, rows);
    if (row === undefined) notes.push({ path, why: `it is not a value of ${system}'s chart` });
    else if (row.note !== undefined) notes.push({ path, why: row.note });
    else if (row.to.length === 0) needless.push(path);
    for (const target of row?.to ?? []) {
      const carried = target.as === undefined ? value : target.as(value);
      if (carried !== undefined) setAt(target.chart === 'agent' ? agent : server, target.path, carried);
    }
  }
  return { agent, server, notes: notes.slice(0, MOST_NOTES), needless: needless.slice(0, MOST_NOTES) };
}

/** The dotted path of each value that has a row, or that no row is below. Empty ones are left out: charts render them as unset. */
function leaves(
  values: Readonly<Record<string, unknown>>,
  rows: readonly ChartValueRow[],
  prefix = '',
): readonly (readonly [string, unknown])[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    if (isEmpty(value)) return [];
    const hasBelow = rows.some(({ from }) => from.startsWith(`${path}.`));
    const isMap = typeof value === 'object' && !Array.isArray(value);
    return isMap && hasBelow ? leaves(record(value), rows, `${path}.`) : [[path, value] as const];
  });
}

/** The row of the path, or of the nearest path above it. */
function rowFor(path: string, rows: readonly ChartValueRow[]): ChartValueRow | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const row = rows.find(({ from }) => from === at);
    if (row !== undefined) return row;
  }
  return undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === undefined) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Sets a value at a dotted path. Names are those of the table, never of the cluster. */
export function setAt(holder: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const inner = keys.reduce<Record<string, unknown>>((at, key) => {
    const next = record(at[key]);
    at[key] = next;
    return next;
  }, holder);
  inner[last] = value;
}
