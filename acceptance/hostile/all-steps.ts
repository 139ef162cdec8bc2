import { setTimeout as sleep } from 'node:timers/promises';
import { addressSteps } from './attacks/addresses.ts';
import { connectionSteps } from './attacks/connections.ts';
import { crowdSteps } from './attacks/crowds.ts';
import { opsPortSteps } from './attacks/ops-ports.ts';
import { pipelineSteps } from './attacks/pipelines.ts';
import { slowClientSteps } from './attacks/slow-clients.ts';
import { attackStep } from './scene.ts';
import type { HostileStep } from './scene.ts';

const CALM_MS = 2_000;

/** Everything that is tried: first that the suite itself harms nobody. */
export const scenario: readonly HostileStep[] = [
  attackStep({
    title: 'Without an attack every Pod is served',
    async run({ stretch }) {
      await sleep(CALM_MS * stretch);
      return { said: 'nobody attacks' };
    },
  }),
  ...crowdSteps,
  ...addressSteps,
  ...pipelineSteps,
  ...slowClientSteps,
  ...connectionSteps,
  ...opsPortSteps,
];
