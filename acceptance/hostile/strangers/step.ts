import type { Row, Step } from '@rolegate/testing';
import type { Remote } from '../../processes/start-child.ts';
import type { TcpAttackerCalls } from '../clients/calls.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Environment } from '../cluster/environment.ts';
import type { NodeIdentity, StandInCalls } from '../cluster/calls.ts';
import { judgeAttack } from '../attack.ts';
import type { AttackWatchers } from '../attack.ts';
import type { AttackReport } from '../watch/observations.ts';
import { judgeStrangers } from './judge.ts';
import type { TlsAttackerCalls, AgentToken } from './calls.ts';
import type { StrangersObservations } from './watch/watchers.ts';
import type { Agents } from './world/agents.ts';

/** The world of the strangers part. */
export interface StrangersWorld extends Environment {
  readonly cluster: Cluster;
  readonly standIn: Remote<StandInCalls>;
  readonly agents: Agents;
  readonly watchers: AttackWatchers<StrangersObservations>;
  /** Two attacker processes for TLS, and one for plain TCP. */
  readonly tlsAttackers: readonly [Remote<TlsAttackerCalls>, Remote<TlsAttackerCalls>];
  readonly tcpAttacker: Remote<TcpAttackerCalls>;
  /** The credentials of a stolen node. */
  readonly stolen: { readonly agentToken: AgentToken; readonly identity: NodeIdentity };
  /** Factor for the duration of attacks. */
  readonly durationFactor: number;
  /** The report table, one row per attack. */
  readonly rows: Row[];
}

export type StrangersStep = Step<StrangersWorld>;

export interface StrangersAttack {
  readonly title: string;
  /** Runs before the observation starts. */
  readonly prepare?: (world: StrangersWorld) => Promise<void>;
  readonly run: (world: StrangersWorld) => Promise<AttackReport>;
}

/** A step that fails if an honest agent or tenant is affected. */
export function strangersStep({ title, prepare, run }: StrangersAttack): StrangersStep {
  return {
    title,
    async run(world) {
      await prepare?.(world);
      return judgeAttack({
        watchers: world.watchers,
        rows: world.rows,
        attack: () => run(world),
        judge: (observed) => judgeStrangers(title, observed),
      });
    },
  };
}
