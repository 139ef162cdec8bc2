import { noAttack } from '../attack.ts';
import { decisionSteps } from './steps/decisions.ts';
import { eventSteps } from './steps/events.ts';
import { largeObjectSteps } from './steps/large-objects.ts';
import { longLineSteps } from './steps/long-lines.ts';
import { nameSteps } from './steps/names.ts';
import { realApiSteps } from './steps/real-api.ts';
import { stolenNodeSteps } from './steps/stolen-node.ts';
import { tenantsStep } from './step.ts';
import type { TenantsStep } from './step.ts';

/** Long enough for every session to be renewed. */
const CALM_MS = 7_000;

/** All attacks of tenants. The first step shows that the suite itself does no harm. */
export const tenantsSteps: readonly TenantsStep[] = [
  tenantsStep({
    title: 'Without an attack, the changes of every tenant take effect and sessions are renewed',
    run: noAttack(CALM_MS),
  }),
  ...largeObjectSteps,
  ...longLineSteps,
  ...decisionSteps,
  ...stolenNodeSteps,
  ...eventSteps,
  ...nameSteps,
  ...realApiSteps,
];
