import type { Row, Step } from '@rolegate/testing';
import type { Remote } from '../../processes/start-child.ts';
import { judgeAttack } from '../attack.ts';
import type { AttackReport } from '../watch/observations.ts';
import { judgeTenants } from './judge.ts';
import type { StandInCalls } from '../cluster/calls.ts';
import type { RestartOptions, ServerWatchers } from '../cluster/watch/watchers.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Environment } from '../cluster/environment.ts';
import type { RealClusterHandle } from './world/real-cluster.ts';

/** A cluster with honest tenants and its watchers. */
export interface WatchedCluster {
  readonly cluster: Cluster;
  readonly watchers: ServerWatchers;
}

/** The world of the tenants part. */
export interface TenantsWorld extends Environment, WatchedCluster {
  readonly standIn: Remote<StandInCalls>;
  /** A real API server; steps that use it come last. */
  readonly real: RealClusterHandle;
  /** Factor for the duration of attacks. */
  readonly durationFactor: number;
  /** The report table, one row per attack. */
  readonly rows: Row[];
}

export type TenantsStep = Step<TenantsWorld>;

export interface TenantsAttack {
  readonly title: string;
  /** The cluster under attack: by default the one with the stand-in. */
  readonly target?: (world: TenantsWorld) => Promise<WatchedCluster>;
  readonly run: (world: TenantsWorld) => Promise<AttackReport>;
  /** Limit for changes, if the API server itself is slow. Milliseconds. */
  readonly changesWithinMs?: number;
  /** Restarts the server afterwards with the objects of the attack. */
  readonly restarts?: RestartOptions;
  /** Removes the objects of the attack, even if it failed. */
  readonly clean?: (world: TenantsWorld) => Promise<unknown>;
}

/** A step that fails if anyone but the attacker is affected. */
export function tenantsStep({
  title,
  target,
  run,
  changesWithinMs,
  restarts,
  clean,
}: TenantsAttack): TenantsStep {
  return {
    title,
    async run(world) {
      const { watchers } = target === undefined ? world : await target(world);
      try {
        return await judgeAttack({
          watchers,
          rows: world.rows,
          attack: () => run(world),
          async judge(observed) {
            const { problems, row } = judgeTenants(title, observed, changesWithinMs);
            const restarted = restarts && (await watchers.restart(restarts));
            return {
              problems: problems.concat(restarted?.problems ?? []),
              row: row.concat(restarted?.summary ?? '–'),
            };
          },
        });
      } finally {
        await clean?.(world);
      }
    },
  };
}
