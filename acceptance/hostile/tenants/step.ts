import type { Row, Step } from '@rolegate/testing';
import type { Remote } from '../../processes/start-child.ts';
import { judgeAttack } from '../attack.ts';
import type { AttackReport } from '../watch/seen.ts';
import { judgeTenants } from './judge.ts';
import type { StandInCalls } from '../cluster/orders.ts';
import type { RestartOptions, ServerWatchers } from '../cluster/watch/watchers.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Ground } from '../cluster/ground.ts';
import type { RealStages } from './world/real-stage.ts';

/** Where honest tenants live. */
export interface Stage {
  readonly cluster: Cluster;
  readonly watchers: ServerWatchers;
}

/** What a step of the tenants' part works with. */
export interface TenantsWorld extends Ground, Stage {
  readonly standIn: Remote<StandInCalls>;
  /** With a real API server; steps that use it come last. */
  readonly real: RealStages;
  /** How much longer than its own time an attack lasts: 1 by default. */
  readonly stretch: number;
  /** The table, a row an attack. */
  readonly rows: Row[];
}

export type TenantsStep = Step<TenantsWorld>;

export interface TenantsAttack {
  /** A whole sentence. */
  readonly title: string;
  /** Who is watched: those of the stand-in if it is not given. */
  readonly stage?: (world: TenantsWorld) => Promise<Stage>;
  readonly run: (world: TenantsWorld) => Promise<AttackReport>;
  /** How soon changes must be in force, if the API server adds to it. Milliseconds. */
  readonly changesWithinMs?: number;
  /** Afterwards the server is started again on what the attack has made. */
  readonly restarts?: RestartOptions;
  /** Removes what it has made, however it went. */
  readonly clean?: (world: TenantsWorld) => Promise<unknown>;
}

/** An attack as a step: it fails if anybody but the attacker notices. */
export function tenantsStep({
  title,
  stage,
  run,
  changesWithinMs,
  restarts,
  clean,
}: TenantsAttack): TenantsStep {
  return {
    title,
    async run(world) {
      const { watchers } = stage === undefined ? world : await stage(world);
      try {
        return await judgeAttack({
          watchers,
          rows: world.rows,
          attack: () => run(world),
          async judge(seen) {
            const { faults, row } = judgeTenants(title, seen, changesWithinMs);
            const again = restarts && (await watchers.restart(restarts));
            return { faults: faults.concat(again?.faults ?? []), row: row.concat(again?.said ?? '–') };
          },
        });
      } finally {
        await clean?.(world);
      }
    },
  };
}
