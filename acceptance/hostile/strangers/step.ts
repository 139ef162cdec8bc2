import type { Row, Step } from '@rolegate/testing';
import type { Remote } from '../../processes/start-child.ts';
import type { AttackerCalls } from '../clients/orders.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Ground } from '../cluster/ground.ts';
import type { NodeIdentity, StandInCalls } from '../cluster/orders.ts';
import type { AttackTold } from '../watch/seen.ts';
import { judgeStrangers } from './judge.ts';
import type { StrangerCalls, TokenHolder } from './orders.ts';
import type { StrangersWatchers } from './watch/watchers.ts';
import type { Agents } from './world/agents.ts';

/** What a step of the strangers' part works with. */
export interface StrangersScene extends Ground {
  readonly cluster: Cluster;
  readonly standIn: Remote<StandInCalls>;
  readonly agents: Agents;
  readonly watchers: StrangersWatchers;
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

export type StrangersStep = Step<StrangersScene>;

export interface StrangersAttack {
  /** A whole sentence. */
  readonly title: string;
  /** Makes the scene that it needs, before anybody is watched. */
  readonly prepare?: (scene: StrangersScene) => Promise<void>;
  readonly run: (scene: StrangersScene) => Promise<AttackTold>;
}

/** An attack as a step: it fails if an honest agent or tenant notices. */
export function strangersStep({ title, prepare, run }: StrangersAttack): StrangersStep {
  return {
    title,
    async run(scene) {
      await prepare?.(scene);
      await scene.watchers.untilServed();
      const { seen, told } = await scene.watchers.during(() => run(scene));
      const { faults: noticed, row } = judgeStrangers(title, seen);
      const faults = (told.faults ?? []).concat(noticed);
      scene.rows.push(row);
      const failures = Object.entries(seen.agents.failures).map(([what, count]) => `${count} × ${what}`);
      const again = failures.length === 0 ? [] : [`agents tried again: ${failures.join(', ')}`];
      if (faults.length > 0)
        throw new Error(faults.concat(again, `the attack: ${told.said}`).join('\n        '));
      return [told.said].concat(row.slice(1), again).join(', ');
    },
  };
}
