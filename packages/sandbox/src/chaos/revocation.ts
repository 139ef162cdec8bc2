import { stand } from './matrix/standing.ts';
import type { Part } from './part.ts';
import { firstOnReconnect } from './revocation/first-on-reconnect.ts';
import { laggingReplica } from './revocation/lagging-replica.ts';
import { whenFresh } from './revocation/when-fresh.ts';
import type { Row } from './table.ts';

export const revocation: Part = {
  name: 'revocation',
  title: 'What is withdrawn stays withdrawn',
  async play({ print, agentFlags, signal }) {
    await using standing = await stand(agentFlags === undefined ? {} : { agentFlags });
    const rows: Row[] = [];
    const faults: string[] = [];
    for (const show of [whenFresh, firstOnReconnect, laggingReplica]) {
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
