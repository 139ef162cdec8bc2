import { join } from 'node:path';
import { markdownTable } from '@rolegate/runtime';
import { writeReport } from '@rolegate/testing';
import { runTime } from '../panels/units.ts';
import { scenes } from '../world/scenes.ts';
import type { DashboardRow } from './dashboard.ts';

/** A picture of a row. */
export interface View {
  readonly title: string;
  readonly row: DashboardRow;
  /** The last second of the run that it shows. Undefined: the end of the run. */
  readonly second?: number;
}

/** The file name of a row's picture. */
export function pictureName(title: string): string {
  return `dashboard-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.png`;
}

/** Writes what happened and the pictures between the markers in dashboard.md. */
export async function writePage(
  folder: string,
  { views, machine }: { readonly views: readonly View[]; readonly machine: string },
): Promise<void> {
  const table = markdownTable(
    ['time', 'what happened'],
    scenes.map(({ at, lasts = 0, title }) => [
      lasts > 1 ? `${runTime(at)} to ${runTime(at + lasts)}` : runTime(at),
      title,
    ]),
  );
  const pictures = views.map(({ title }) => `## ${title}\n\n![${title}](${pictureName(title)})`);
  const text = [`Measured on ${machine}.`, table, ...pictures].join('\n\n');
  await writeReport(join(folder, 'dashboard.md'), 'monitoring dashboard', text);
}
