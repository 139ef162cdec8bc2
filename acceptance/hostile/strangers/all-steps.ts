import { noAttack } from '../attack.ts';
import { authoritySteps } from './steps/authority.ts';
import { floodSteps } from './steps/floods.ts';
import { idleSteps } from './steps/idle.ts';
import { messageSteps } from './steps/messages.ts';
import { protocolSteps } from './steps/protocols.ts';
import { shutOutSteps } from './steps/shut-out.ts';
import { stolenNodeSteps } from './steps/stolen-node.ts';
import { tokenSteps } from './steps/tokens.ts';
import { strangersStep } from './step.ts';
import type { StrangersStep } from './step.ts';

const CALM_MS = 5_000;

/** All attacks of strangers. The first step shows that the suite itself does no harm. */
export const strangersSteps: readonly StrangersStep[] = [
  strangersStep({
    title: 'Without an attack, agents attest, renew and open streams, and no stream ends',
    run: noAttack(CALM_MS),
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
