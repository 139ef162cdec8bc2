import { readFile } from 'node:fs/promises';
import type { Panel } from '../panels/panel.ts';

const FILE = new URL('../../../charts/server/files/dashboard.json', import.meta.url);

/** A row heading with the panels below it. */
export interface DashboardRow {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export async function readDashboard(): Promise<readonly DashboardRow[]> {
  const { panels } = JSON.parse(await readFile(FILE, 'utf8')) as { panels: Panel[] };
  return rowsOf(panels);
}

/** Groups the panels by the heading above them. */
export function rowsOf(panels: readonly Panel[]): DashboardRow[] {
  const ordered = panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const rows: { title: string; panels: Panel[] }[] = [];
  for (const panel of ordered) {
    if (panel.type === 'row') rows.push({ title: panel.title, panels: [] });
    else if (rows.length === 0) throw new Error(`the panel ${panel.title} has no row heading above it`);
    else rows.at(-1)?.panels.push(panel);
  }
  return rows;
}
