import { noAttack } from '../attack.ts';
import { addressSteps } from './steps/addresses.ts';
import { connectionSteps } from './steps/connections.ts';
import { containerCredentialsSteps } from './steps/container-credentials.ts';
import { manyWorkersSteps } from './steps/many-workers.ts';
import { opsPortSteps } from './steps/ops-ports.ts';
import { pipelineSteps } from './steps/pipelines.ts';
import { slowClientSteps } from './steps/slow-clients.ts';
import { attackStep } from './step.ts';
import type { NodeStep } from './step.ts';

const CALM_MS = 2_000;

/** All attacks. The first step shows that the suite itself does no harm. */
export const nodeSteps: readonly NodeStep[] = [
  attackStep({
    title: 'Without an attack, every Pod is served',
    run: noAttack(CALM_MS),
  }),
  ...manyWorkersSteps,
  ...addressSteps,
  ...pipelineSteps,
  ...slowClientSteps,
  ...connectionSteps,
  ...containerCredentialsSteps,
  ...opsPortSteps,
];
