import { join } from 'node:path';
import { describeMachine, openFolder, runSteps } from '@rolegate/testing';
import type { Outcome, Step } from '@rolegate/testing';
import type { Part, RunOptions } from '../part.ts';
import { runTime } from '../panels/units.ts';
import { openMonitoredWorld, SCRAPE_EVERY_MS } from '../world/monitored-world.ts';
import { CUT_SECOND, play } from '../world/scenes.ts';
import { askRow } from './ask-panels.ts';
import type { AskedRow } from './ask-panels.ts';
import { readDashboard } from './dashboard.ts';
import type { DashboardRow } from './dashboard.ts';
import { pictureName, writePage } from './page.ts';
import type { View } from './page.ts';
import { drawRow } from './pictures.ts';

/** Every panel of the dashboard has data after a run in which each part fails once. */
export const dashboardPart: Part = { name: 'dashboard', run };

async function run({ only, print, signal, prometheus, report }: RunOptions): Promise<Outcome> {
  const machine = describeMachine(new Date());
  const views = (await readDashboard()).flatMap(viewsOf);
  const wanted = views.filter(({ title }) => only.test(title));
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-dashboard-', stack);
  const answers = await playAndAsk(wanted, { prometheus, print, signal });
  const steps = wanted.map(({ title }): Step<{ lines: [] }> => ({
    title: `Every panel of the row "${title}" has data`,
    async run() {
      const answer = answers.get(title);
      if (answer === undefined) throw new Error('the row was not asked');
      if (answer.empty.length > 0) throw new Error(answer.empty.join('\n        '));
      await drawRow(answer.row, { file: join(report ?? folder, pictureName(title)), folder });
    },
  }));
  const outcome = await runSteps({ steps, world: { lines: [] }, print, signal });
  if (report !== undefined) await writePage(report, { views, machine });
  return outcome;
}

/** Stats show only the last value, so they are also shown during a failure. */
function viewsOf(row: DashboardRow): View[] {
  const { title, panels } = row;
  const whole: View = { title, row };
  return panels.every(({ type }) => type === 'stat')
    ? [{ title: `${title} at ${runTime(CUT_SECOND)}`, row, second: CUT_SECOND }, whole]
    : [whole];
}

/** Plays the scenes, then asks the queries of all rows. The programs have ended when it returns. */
async function playAndAsk(
  views: readonly View[],
  { prometheus: program, print, signal }: Pick<RunOptions, 'prometheus' | 'print' | 'signal'>,
): Promise<ReadonlyMap<string, AskedRow>> {
  await using stack = new AsyncDisposableStack();
  const monitored = await openMonitoredWorld(program, stack);
  const start = Math.floor(Date.now() / 1_000);
  await play(monitored, { print, signal });
  const end = Math.floor(Date.now() / 1_000);
  const answers = new Map<string, AskedRow>();
  for (const { title, row, second } of views) {
    const shown = {
      start,
      end: second === undefined ? end : start + second,
      scrape: SCRAPE_EVERY_MS / 1_000,
    };
    answers.set(title, await askRow(row, monitored.prometheus, shown));
  }
  return answers;
}
