import type { AlertFault, Round } from './fault.ts';
import { endpointRounds } from './faults/endpoint-faults.ts';
import { identityRounds } from './faults/identity-faults.ts';
import { limitRounds } from './faults/limit-faults.ts';
import { nodeRounds } from './faults/node-faults.ts';
import { outageRounds } from './faults/outage-faults.ts';
import { SHORT_SESSION_SECONDS, shortSessionRounds, stsRounds } from './faults/sts-faults.ts';
import type { ClusterOptions } from './world/cluster.ts';

export interface ClusterPlan {
  /** The value for --only. */
  readonly name: string;
  readonly options?: Omit<ClusterOptions, 'prometheus' | 'ruleFile'>;
  readonly rounds: readonly Round[];
}

/** Clusters that run at the same time, each in its own network namespace with its own Prometheus. */
export const clusterPlans: readonly ClusterPlan[] = [
  { name: 'sts', rounds: stsRounds },
  {
    name: 'sessions',
    options: {
      longestSessionSeconds: SHORT_SESSION_SECONDS,
      serverFlags: ['--assume-role-arn', 'arn:aws:iam::123456789012:role/rolegate-server'],
    },
    rounds: shortSessionRounds,
  },
  { name: 'outages', rounds: outageRounds },
  { name: 'limits', rounds: limitRounds },
  { name: 'node', rounds: nodeRounds },
  { name: 'identity', options: { attested: true }, rounds: [...identityRounds, ...endpointRounds] },
];

/** Whether the pattern matches the fault's title or one of its alerts. */
export function isWanted({ title, alerts }: AlertFault, only: RegExp): boolean {
  return only.test([title, ...alerts].join(' '));
}
