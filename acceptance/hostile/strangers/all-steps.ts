import { setTimeout as sleep } from 'node:timers/promises';
import { authoritySteps } from './attacks/authority.ts';
import { floodSteps } from './attacks/floods.ts';
import { idleSteps } from './attacks/idle.ts';
import { messageSteps } from './attacks/messages.ts';
import { protocolSteps } from './attacks/protocols.ts';
import { shutOutSteps } from './attacks/shut-out.ts';
import { stolenNodeSteps } from './attacks/stolen-node.ts';
import { tokenSteps } from './attacks/tokens.ts';
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
  ...messageSteps,
  ...idleSteps,
  ...floodSteps,
  ...tokenSteps,
  ...stolenNodeSteps,
  ...protocolSteps,
  ...shutOutSteps,
  ...authoritySteps,
];
