import type { Row, Step } from '@rolegate/testing';
import type { Remote } from '../../processes/start-child.ts';
import type { AttackerCalls } from '../clients/orders.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Ground } from '../cluster/ground.ts';
import type { NodeIdentity, StandInCalls } from '../cluster/orders.ts';
import { judgeAttack } from '../attack.ts';
import type { AttackWatchers } from '../attack.ts';
import type { AttackReport } from '../watch/seen.ts';
import { judgeStrangers } from './judge.ts';
import type { StrangerCalls, TokenHolder } from './orders.ts';
import type { StrangersSeen } from './watch/watchers.ts';
import type { Agents } from './world/agents.ts';

/** What a step of the strangers' part works with. */
export interface StrangersWorld extends Ground {
  readonly cluster: Cluster;
  readonly standIn: Remote<StandInCalls>;
  readonly agents: Agents;
  readonly watchers: AttackWatchers<StrangersSeen>;
  /** Two processes of attackers that speak TLS, and one that writes bytes. */
  readonly strangers: readonly [Remote<StrangerCalls>, Remote<StrangerCalls>];
  readonly bytes: Remote<AttackerCalls>;
  /** What an attacker has of a node that was stolen. */
  readonly stolen: { readonly holder: TokenHolder; readonly identity: NodeIdentity };
  /** How much longer than its own time an attack lasts: 1 by default. */
  readonly stretch: number;
  /** The table, a row an attack. */
  readonly rows: Row[];
}

export type StrangersStep = Step<StrangersWorld>;

export interface StrangersAttack {
  /** A whole sentence. */
  readonly title: string;
  /** Makes what it needs, before anybody is watched. */
  readonly prepare?: (world: StrangersWorld) => Promise<void>;
  readonly run: (world: StrangersWorld) => Promise<AttackReport>;
}

/** An attack as a step: it fails if an honest agent or tenant notices. */
export function strangersStep({ title, prepare, run }: StrangersAttack): StrangersStep {
  return {
    title,
    async run(world) {
      await prepare?.(world);
      return judgeAttack({
        watchers: world.watchers,
        rows: world.rows,
        attack: () => run(world),
        judge: (seen) => judgeStrangers(title, seen),
      });
    },
  };
}
