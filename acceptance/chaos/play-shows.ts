import type { PartOptions, PartOutcome } from './step.ts';
import type { Shown } from './shown.ts';
import type { Row } from './table.ts';

/** One thing after the other, a row each, until nothing more is to be begun. */
export async function playShows<Show>(
  shows: readonly Show[],
  play: (show: Show) => Promise<Shown>,
  { print, signal }: Pick<PartOptions, 'print' | 'signal'>,
): Promise<PartOutcome> {
  const rows: Row[] = [];
  const faults: string[] = [];
  for (const show of shows) {
    if (signal.aborted) break;
    const { row, found } = await play(show);
    rows.push(row);
    faults.push(...found);
    print(row.join(' | '), found);
  }
  return { head: ['what', 'seen', 'bound'], rows, faults };
}
