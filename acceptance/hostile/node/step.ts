import type { Row, Step } from '@rolegate/testing';
import type { AttackOrder } from '../clients/orders.ts';
import { judge } from '../judge.ts';
import type { HostileWorld } from './world.ts';
import type { AttackTold } from '../watch/seen.ts';
import type { Watchers } from '../watch/watchers.ts';

/** What a step of the suite works with. */
export interface Scene extends HostileWorld {
  readonly watchers: Watchers;
  /** How much longer than its own time an attack lasts: 1 by default. */
  readonly stretch: number;
  /** A Python with which raw packets can be sent; undefined if this machine has none. */
  readonly python: string | undefined;
  /** The table, a row an attack. */
  readonly rows: Row[];
}

export type HostileStep = Step<Scene>;

export interface Attack {
  /** A whole sentence. */
  readonly title: string;
  readonly run: (scene: Scene) => Promise<AttackTold>;
}

/** An attack as a step: it fails if anybody but the attacker notices. */
export function attackStep({ title, run }: Attack): HostileStep {
  return {
    title,
    async run(scene) {
      await scene.watchers.untilServed();
      const { seen, told } = await scene.watchers.during(() => run(scene));
      const { faults: noticed, row } = judge(title, seen);
      const faults = [...(told.faults ?? []), ...noticed];
      scene.rows.push(row);
      if (faults.length > 0)
        throw new Error(`${faults.join('\n        ')}\n        the attack: ${told.said}`);
      return `${told.said}; ${row.slice(1).join(', ')}`;
    },
  };
}

/** What an attacker is told, without the time that all attacks have in common. */
export type AttackPlan = Omit<AttackOrder, 'forMs'>;
