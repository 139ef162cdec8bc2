import { markdownTable } from '@rolegate/runtime';
import { describeMachine, outputOf, writeReport } from '@rolegate/testing';
import { cellsOf, FIGURE_COLUMNS } from './figures.ts';
import type { ClientFigures } from './figures.ts';

/** What was measured of one start of many Pods. */
export interface MeasuredRace {
  /** The other Pods on the node. */
  readonly beside: string;
  readonly figures: readonly ClientFigures[];
  /** Requests that the agent held, by outcome. */
  readonly held: string;
}

/** Collects what is measured. Create it before the first start, because the load of the machine is that of the last minute. */
export function createRaceReport(file: string) {
  const machine = describeMachine(new Date());
  const races: MeasuredRace[] = [];
  return {
    add: (race: MeasuredRace): void => {
      races.push(race);
    },
    async write(): Promise<void> {
      const commit = (await outputOf(['git', 'rev-parse', '--short', 'HEAD'])).trim();
      await writeReport(
        file,
        'test:node race',
        `Measured on ${machine}; commit ${commit}.\n\n${tableOf(races)}`,
      );
    },
  };
}

function tableOf(races: readonly MeasuredRace[]): string {
  const rows = races.flatMap(({ beside, figures, held }) =>
    figures.map((one, index) => {
      const cells = [...cellsOf(one), index === 0 ? held : '″'];
      return [index === 0 ? beside : '″', ...cells];
    }),
  );
  return markdownTable(['beside', ...FIGURE_COLUMNS, 'held'], rows);
}
