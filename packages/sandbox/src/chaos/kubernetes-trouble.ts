import { arrivesLate } from './kubernetes/arrives-late.ts';
import { relistStorm } from './kubernetes/relist-storm.ts';
import { restoredEtcd } from './kubernetes/restored-etcd.ts';
import { stand } from './matrix/standing.ts';
import type { Part } from './part.ts';
import type { Row } from './table.ts';

export const kubernetesTrouble: Part = {
  name: 'kubernetes',
  title: 'The cluster is in trouble',
  async play({ print, signal }) {
    const rows: Row[] = [];
    const faults: string[] = [];
    // The last one leaves a world that no other may begin with.
    await using standing = await stand();
    for (const show of [arrivesLate, relistStorm, restoredEtcd]) {
      if (signal.aborted) break;
      await standing.well();
      const { row, found } = await show(standing);
      rows.push(row);
      faults.push(...found);
      print(row.join(' | '), found);
    }
    return { head: ['what', 'seen', 'bound'], rows, faults };
  },
};
