import { expectNoProblems, hammerFromAllPods } from '../checks.ts';
import { inMode } from '../step.ts';
import type { NetnsWorld } from '../world.ts';

/** Milliseconds. */
const FOR_MS = 10_000;
const UP_FOR_MS = 400;

/** Pods send requests nonstop while the agent is killed repeatedly. */
export const agentKilledSteps = inMode('up', [
  {
    title: "No Pod reads the node's metadata while the agent is killed and restarted for ten seconds",
    async run(world) {
      const hammering = hammerFromAllPods(world, FOR_MS);
      const [kills, { asked, answered, problems }] = await Promise.all([killRepeatedly(world), hammering]);
      expectNoProblems(problems);
      if (answered === 0 || answered === asked || kills < 3)
        throw new Error(`proves nothing: ${answered} of ${asked} answered, ${kills} kills`);
      return `${kills} kills, ${answered} of ${asked} answered`;
    },
  },
]);

async function killRepeatedly({ state }: NetnsWorld): Promise<number> {
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
