import type { Row } from '@rolegate/testing';
import { matrixHead, matrixNotes, matrixSteps } from './matrix/steps.ts';
import { measuredStep, runningStep } from './step.ts';
import type { ChaosStep, StepResult } from './step.ts';
import { lateObjects } from './steps/late-objects.ts';
import { dayHead, dayStep } from './steps/day.ts';
import { deniedStorm } from './steps/denied-storm.ts';
import { withdrawnWhileDown } from './steps/withdrawn-while-down.ts';
import { laggingReplica } from './steps/lagging-replica.ts';
import { relistStorm } from './steps/relist-storm.ts';
import { restoredEtcd } from './steps/restored-etcd.ts';
import { quotaHead, quotaNote, quotaSteps } from './steps/sts-quota.ts';
import { thousandPods } from './steps/thousand-pods.ts';
import { withdrawnPermit } from './steps/withdrawn-permit.ts';
import { startChaosWorld } from './world.ts';
import type { ChaosWorld } from './world.ts';

/** Steps that share a report table. */
export interface Part {
  /** The value for --part. */
  readonly name: string;
  /** Heading of the chapter in the report. */
  readonly title: string;
  readonly head: Row;
  /** `only` selects faults of the matrix. */
  readonly steps: (only: RegExp) => readonly ChaosStep[];
  /** Below the table. */
  readonly notes?: readonly string[];
  /** True: agents save their state, if their version can. */
  readonly keepsState?: boolean;
  /** Concurrent steps, 1 by default: a fault is mostly waiting. */
  readonly atOnce?: number;
}

const head: Row = ['situation', 'observed', 'limit'];

export const parts: readonly Part[] = [
  {
    name: 'matrix',
    title: 'One component fails in one way',
    head: matrixHead,
    steps: matrixSteps,
    notes: matrixNotes,
    keepsState: true,
    atOnce: 2,
  },
  {
    name: 'sts',
    title: 'STS enforces its quota',
    head: quotaHead,
    steps: () => quotaSteps,
    notes: [quotaNote],
  },
  {
    name: 'revocation',
    title: 'Revoked permits stay revoked',
    head,
    steps: () => [
      runningStep('Revoking a permit takes effect within one second', withdrawnPermit),
      runningStep(
        'Revoking a permit while the feed is down takes effect before any newer change',
        withdrawnWhileDown,
      ),
      runningStep(
        'A lagging replica revives no revoked permit and takes nothing from running Pods',
        laggingReplica,
      ),
    ],
    keepsState: true,
  },
  {
    name: 'floods',
    title: 'Many Pods at the same time',
    head,
    steps: () => [
      ownWorldStep(
        'A thousand Pods that start on one node and send requests at the same time are all served, with one AssumeRole call per session',
        thousandPods,
      ),
      ownWorldStep(
        'Pods that are refused ten thousand times while their Namespace changes cause few Events',
        deniedStorm,
      ),
    ],
  },
  {
    name: 'kubernetes',
    title: 'Failures of the Kubernetes API',
    head,
    steps: () => [
      runningStep(
        'Requests of Pods created before their Namespace or ServiceAccount are held, never refused, and answered in time',
        lateObjects,
      ),
      runningStep(
        'An API server that keeps losing its history is listed rarely, and no request of a running Pod fails',
        relistStorm,
      ),
      // Last, because no other step can use its world.
      runningStep(
        'After an etcd restore, changes take effect without a restart, and no revoked permit is revived',
        restoredEtcd,
      ),
    ],
  },
  {
    name: 'day',
    title: 'One day of virtual time with short-lived Pods',
    head: dayHead,
    steps: () => [dayStep],
  },
];

function ownWorldStep(title: string, run: (world: ChaosWorld) => Promise<StepResult>): ChaosStep {
  return measuredStep(title, async ({ options }) => {
    await using world = await startChaosWorld(options);
    return await run(world);
  });
}
