import { arrivesLate } from './kubernetes/arrives-late.ts';
import { relistStorm } from './kubernetes/relist-storm.ts';
import { restoredEtcd } from './kubernetes/restored-etcd.ts';
import { stand } from './matrix/standing.ts';
import type { Part } from './part.ts';
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
