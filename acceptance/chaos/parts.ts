import type { Part } from './step.ts';
import { playShows } from './play-shows.ts';
import { deniedStorm } from './steps/denied-storm.ts';
import { thousandPods } from './steps/thousand-pods.ts';
import { startChaosWorld } from './world.ts';

export const floods: Part = {
  name: 'floods',
  title: 'Too many at once',
  play(options) {
    return playShows(
      [thousandPods, deniedStorm],
      async (show) => {
        await using world = await startChaosWorld();
        return await show(world);
      },
      options,
    );
  },
};
