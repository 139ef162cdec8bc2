import { setTimeout as sleep } from 'node:timers/promises';
import { strangersStep } from './scene.ts';
import type { StrangersStep } from './scene.ts';

const CALM_MS = 5_000;

/** Everything that strangers try: first that the suite itself harms nobody. */
export const strangersScenario: readonly StrangersStep[] = [
  strangersStep({
    title: 'Without an attack agents attest, renew and open streams, and no stream ends',
    async run({ stretch }) {
      await sleep(CALM_MS * stretch);
      return { said: 'nobody attacks' };
    },
  }),
];
