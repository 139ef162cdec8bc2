import type { Row, Step } from '@rolegate/testing';
import type { AttackOrder } from '../clients/orders.ts';
import { judgeAttack } from '../attack.ts';
import type { AttackWatchers } from '../attack.ts';
import { judge } from '../judge.ts';
import type { HostileNode } from './world.ts';
import type { AttackReport, Seen } from '../watch/seen.ts';

/** What a step of the suite works with. */
export interface NodeWorld extends HostileNode {
  readonly watchers: AttackWatchers<Seen>;
  /** How much longer than its own time an attack lasts: 1 by default. */
  readonly stretch: number;
  /** A Python with which raw packets can be sent; undefined if this machine has none. */
  readonly python: string | undefined;
  /** The table, a row an attack. */
  readonly rows: Row[];
}

export type NodeStep = Step<NodeWorld>;

export interface Attack {
  /** A whole sentence. */
  readonly title: string;
  readonly run: (world: NodeWorld) => Promise<AttackReport>;
}

/** An attack as a step: it fails if anybody but the attacker notices. */
export function attackStep({ title, run }: Attack): NodeStep {
  return {
    title,
    run: (world) =>
      judgeAttack({
        watchers: world.watchers,
        rows: world.rows,
        attack: () => run(world),
        judge: (seen) => judge(title, seen),
      }),
  };
}

/** What an attacker is told, without the time that all attacks have in common. */
export type AttackPlan = Omit<AttackOrder, 'forMs'>;
