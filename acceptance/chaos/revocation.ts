import { stand } from './running-world.ts';
import type { Part } from './step.ts';
import { playShows } from './play-shows.ts';
import { firstOnReconnect } from './steps/first-on-reconnect.ts';
import { laggingReplica } from './steps/lagging-replica.ts';
import { whenFresh } from './steps/when-fresh.ts';

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
