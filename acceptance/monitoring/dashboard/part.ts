import { join } from 'node:path';
import { describeMachine, openFolder, runSteps } from '@rolegate/testing';
import type { Outcome, Step } from '@rolegate/testing';
import type { Part, RunOptions } from '../part.ts';
import { openMonitoredWorld, SCRAPE_EVERY_MS } from '../world/monitored-world.ts';
import { play } from '../world/scenes.ts';
import { askRow } from './ask-panels.ts';
import { readDashboard } from './dashboard.ts';
import type { DashboardRow } from './dashboard.ts';
import { pictureName, writePage } from './page.ts';
import { drawRow } from './pictures.ts';
import type { RowData } from '../panels/panel.ts';

/** Every panel of the dashboard has data after a run in which each part fails once. */
export const dashboardPart: Part = { name: 'dashboard', run };

async function run(options: RunOptions): Promise<Outcome> {
  const { only, print, signal, prometheus, report } = options;
  const machine = describeMachine(new Date());
  const rows = (await readDashboard()).filter(({ title }) => only.test(title));
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-dashboard-', stack);
  const answers = await playAndAsk(rows, { prometheus, print, signal });
  const drawn = rows.map(({ title }): Step<{ lines: [] }> => ({
    title: `Every panel of the row "${title}" has data`,
    async run() {
      const answer = answers.get(title);
      if (answer === undefined) throw new Error('the row was not asked');
      if (answer.empty.length > 0) throw new Error(answer.empty.join('\n        '));
      const file = join(report ?? folder, pictureName(title));
      await drawRow(answer.row, { file, folder });
      return file;
    },
  }));
  const outcome = await runSteps({ steps: drawn, world: { lines: [] }, print, signal });
  if (report !== undefined) await writePage(report, { rows, machine });
  return outcome;
}

interface Answer {
  readonly row: RowData;
  readonly empty: readonly string[];
}

/** Plays the scenes, then asks the queries of all rows. The programs have ended when it returns. */
async function playAndAsk(
  rows: readonly DashboardRow[],
  { prometheus: program, print, signal }: Pick<RunOptions, 'prometheus' | 'print' | 'signal'>,
): Promise<ReadonlyMap<string, Answer>> {
  await using stack = new AsyncDisposableStack();
  const monitored = await openMonitoredWorld(program, stack);
  const start = Math.floor(Date.now() / 1_000);
  await play(monitored, { print, signal });
  const scrape = SCRAPE_EVERY_MS / 1_000;
  const shown = { start, end: Math.floor(Date.now() / 1_000), scrape };
  const answers = new Map<string, Answer>();
  for (const row of rows) answers.set(row.title, await askRow(row, monitored.prometheus, shown));
  return answers;
}
