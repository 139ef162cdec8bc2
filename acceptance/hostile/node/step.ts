import type { Row, Step } from '@rolegate/testing';
import type { TcpAttack } from '../clients/calls.ts';
import { judgeAttack } from '../attack.ts';
import type { AttackWatchers } from '../attack.ts';
import { judge } from '../judge.ts';
import type { HostileNode } from './world.ts';
import type { AttackReport, Observations } from '../watch/observations.ts';

/** The world of the node part. */
export interface NodeWorld extends HostileNode {
  readonly watchers: AttackWatchers<Observations>;
  /** Factor for the duration of attacks. */
  readonly durationFactor: number;
  /** A Python interpreter for raw packets; undefined if there is none. */
  readonly python: string | undefined;
  /** The report table, one row per attack. */
  readonly rows: Row[];
}

export type NodeStep = Step<NodeWorld>;

export interface Attack {
  readonly title: string;
  readonly run: (world: NodeWorld) => Promise<AttackReport>;
}

/** A step that fails if anyone but the attacker is affected. */
export function attackStep({ title, run }: Attack): NodeStep {
  return {
    title,
    run: (world) =>
      judgeAttack({
        watchers: world.watchers,
        rows: world.rows,
        attack: () => run(world),
        judge: (observed) => judge(title, observed),
      }),
  };
}

/** A TCP attack without its duration. */
export type AttackPlan = Omit<TcpAttack, 'forMs'>;
