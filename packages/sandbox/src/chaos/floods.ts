import type { Part } from './part.ts';
import { deniedStorm } from './floods/denied-storm.ts';
import { hammering } from './floods/hammering.ts';
import { slowClients } from './floods/slow-clients.ts';
import { thousandPods } from './floods/thousand-pods.ts';
import type { Row } from './table.ts';
import { startChaosWorld } from './world.ts';

export const floods: Part = {
  name: 'floods',
  title: 'Too many at once',
  async play({ print, signal }) {
    const rows: Row[] = [];
    const faults: string[] = [];
    for (const show of [hammering, slowClients, thousandPods, deniedStorm]) {
      if (signal.aborted) break;
      await using world = await startChaosWorld();
      const { row, found } = await show(world);
      rows.push(row);
      faults.push(...found);
      print(row.join(' | '), found);
    }
    return { head: ['what', 'seen', 'bound'], rows, faults };
  },
};
