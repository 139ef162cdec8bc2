import { setTimeout as sleep } from 'node:timers/promises';
import { decisionSteps } from './attacks/decisions.ts';
import { eventSteps } from './attacks/events.ts';
import { fatObjectSteps } from './attacks/fat-objects.ts';
import { longLineSteps } from './attacks/long-lines.ts';
import { nameSteps } from './attacks/names.ts';
import { realApiSteps } from './attacks/real-api.ts';
import { stolenNodeSteps } from './attacks/stolen-node.ts';
import { tenantsStep } from './scene.ts';
import type { TenantsStep } from './scene.ts';

/** Long enough for every session to be renewed. */
const CALM_MS = 7_000;

/** Everything that tenants try: first that the suite itself harms nobody. */
export const tenantsScenario: readonly TenantsStep[] = [
  tenantsStep({
    title: "Without an attack every tenant's changes are in force and sessions are renewed",
    async run({ stretch }) {
      await sleep(CALM_MS * stretch);
      return { said: 'nobody attacks' };
    },
  }),
  ...fatObjectSteps,
  ...longLineSteps,
  ...decisionSteps,
  ...stolenNodeSteps,
  ...eventSteps,
  ...nameSteps,
  ...realApiSteps,
];
