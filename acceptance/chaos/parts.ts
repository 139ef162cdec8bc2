import type { Row } from '@rolegate/testing';
import { matrixHead, matrixNotes, matrixSteps } from './matrix/steps.ts';
import { measuredStep, runningStep } from './step.ts';
import type { ChaosStep, Seen } from './step.ts';
import { arrivesLate } from './steps/arrives-late.ts';
import { dayHead, dayStep } from './steps/day.ts';
import { deniedStorm } from './steps/denied-storm.ts';
import { firstOnReconnect } from './steps/first-on-reconnect.ts';
import { laggingReplica } from './steps/lagging-replica.ts';
import { relistStorm } from './steps/relist-storm.ts';
import { restoredEtcd } from './steps/restored-etcd.ts';
import { quotaHead, quotaNote, quotaSteps } from './steps/sts-quota.ts';
import { thousandPods } from './steps/thousand-pods.ts';
import { whenFresh } from './steps/when-fresh.ts';
import { startChaosWorld } from './world.ts';
import type { ChaosWorld } from './world.ts';

/** Steps with a table of their own. */
export interface Part {
  /** As --part names it. */
  readonly name: string;
  /** Of its chapter in the report. */
  readonly title: string;
  readonly head: Row;
  /** `only`: of the matrix, faults that match. */
  readonly steps: (only: RegExp) => readonly ChaosStep[];
  /** Below the table. */
  readonly notes?: readonly string[];
  /** True: agents keep their state over a restart, if they know how. */
  readonly keepsState?: boolean;
  /** How many steps run at the same time: most of a fault is waiting. 1 by default. */
  readonly atOnce?: number;
}

const head: Row = ['what', 'seen', 'bound'];

export const parts: readonly Part[] = [
  {
    name: 'matrix',
    title: 'One thing fails in one way',
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
    title: 'What is withdrawn stays withdrawn',
    head,
    steps: () => [
      runningStep('A permit that is withdrawn is out of force within a second', whenFresh),
      runningStep(
        'A permit that is withdrawn while no feed is there is out of force before anything newer is in force',
        firstOnReconnect,
      ),
      runningStep(
        'A replica that lags revives no withdrawn permit and takes nothing from running Pods',
        laggingReplica,
      ),
    ],
    keepsState: true,
  },
  {
    name: 'floods',
    title: 'Too many at once',
    head,
    steps: () => [
      ownWorldStep(
        'A thousand Pods that come to one node and ask at once are all served, by one call a session',
        thousandPods,
      ),
      ownWorldStep(
        'Pods that are refused ten thousand times and whose Namespace changes make few Events',
        deniedStorm,
      ),
    ],
  },
  {
    name: 'kubernetes',
    title: 'The cluster is in trouble',
    head,
    steps: () => [
      runningStep(
        'Pods that are there before their Namespace or ServiceAccount are held, never refused, and served in time',
        arrivesLate,
      ),
      runningStep(
        'An API server that forgets its history again and again is listed seldom, and no running Pod notices',
        relistStorm,
      ),
      // It leaves a world that no other may begin with.
      runningStep(
        'After etcd is restored changes are in force without a restart, and nothing withdrawn is revived',
        restoredEtcd,
      ),
    ],
  },
  {
    name: 'day',
    title: 'A day of virtual time, with Pods that come and go',
    head: dayHead,
    steps: () => [dayStep],
  },
];

function ownWorldStep(title: string, run: (world: ChaosWorld) => Promise<Seen>): ChaosStep {
  return measuredStep(title, async ({ options }) => {
    await using world = await startChaosWorld(options);
    return await run(world);
  });
}
