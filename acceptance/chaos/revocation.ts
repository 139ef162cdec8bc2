import { stand } from './matrix/standing.ts';
import type { Part } from './part.ts';
import { playShows } from './play-shows.ts';
import { firstOnReconnect } from './revocation/first-on-reconnect.ts';
import { laggingReplica } from './revocation/lagging-replica.ts';
import { whenFresh } from './revocation/when-fresh.ts';

export const revocation: Part = {
  name: 'revocation',
  title: 'What is withdrawn stays withdrawn',
  async play(options) {
    const { agentFlags } = options;
    await using standing = await stand(agentFlags === undefined ? {} : { agentFlags });
    return await playShows(
      [whenFresh, firstOnReconnect, laggingReplica],
      async (show) => {
        await standing.well();
        return show(standing);
      },
      options,
    );
  },
};
