import { bothCalls, hammerFrom } from '../asking.ts';
import { inMode } from '../step.ts';
import { cutShort, expectNone, faultsOfEach } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { sentinels } from '../../stand-ins/sentinels.ts';

/** Milliseconds. */
const FOR_MS = 10_000;
const UP_FOR_MS = 400;

/** Pods that ask without an end while the agent dies again and again. */
export const crashSteps = inMode('up', [
  {
    title: "no Pod reads anything of the node's while the agent is killed and restarted for ten seconds",
    async run(world) {
      let asked = 0;
      let answered = 0;
      const hammering = faultsOfEach(world, async ({ enter }) => {
        const order = { sent: bothCalls, atOnce: 2, forMs: FOR_MS, forbidden: sentinels };
        const { asked: own, ends, forbidden } = await hammerFrom(enter, order);
        asked += own;
        for (const [end, count] of Object.entries(ends)) if (/^\d/.test(end)) answered += count;
        return forbidden.map((text) => `was given ${cutShort(text)}`);
      });
      const [kills, faults] = await Promise.all([crashAgain(world), hammering]);
      expectNone(faults);
      if (answered === 0 || answered === asked || kills < 3)
        throw new Error(`proves nothing: ${answered} of ${asked} answered, ${kills} kills`);
      return `${kills} kills, ${answered} of ${asked} answered`;
    },
  },
]);

async function crashAgain({ state }: NetnsWorld): Promise<number> {
  const until = Date.now() + FOR_MS;
  let kills = 0;
  while (Date.now() < until) {
    await state.running('agent').kill();
    kills++;
    await state.start('agent').ready();
    await new Promise((resolve) => setTimeout(resolve, UP_FOR_MS));
  }
  return kills;
}
