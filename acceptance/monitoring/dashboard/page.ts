import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scenes } from '../world/scenes.ts';
import type { DashboardRow } from './dashboard.ts';

/** The file name of a row's picture. */
export function pictureName(title: string): string {
  return `dashboard-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.png`;
}

/** Writes dashboard.md, which shows the pictures. */
export async function writePage(
  folder: string,
  { rows, machine }: { readonly rows: readonly DashboardRow[]; readonly machine: string },
): Promise<void> {
  const text = [
    '# The dashboard in a run with failures',
    '`npm run monitoring -- --part dashboard --report docs/figures` makes this page and its pictures. It runs two servers and',
  ];
  await writeFile(
    join(folder, 'dashboard.md'),
    `${text.join('\n\n')}${rows.length}${machine}${scenes.length}\n`,
  );
}
