import { arrivesLate } from './steps/arrives-late.ts';
import { relistStorm } from './steps/relist-storm.ts';
import { restoredEtcd } from './steps/restored-etcd.ts';
import { stand } from './running-world.ts';
import type { Part } from './step.ts';
import { playShows } from './play-shows.ts';

export const kubernetesTrouble: Part = {
  name: 'kubernetes',
  title: 'The cluster is in trouble',
  async play(options) {
    // The last one leaves a world that no other may begin with.
    await using standing = await stand();
    return await playShows(
      [arrivesLate, relistStorm, restoredEtcd],
      async (show) => {
        await standing.well();
        return show(standing);
      },
      options,
    );
  },
};
