import type { ChaosWorld } from '../world.ts';

export const targets = ['one server', 'both servers', 'STS', 'API server', 'agent', 'feed path'] as const;
export type Target = (typeof targets)[number];

export const harms = ['kill', 'hang', 'slow', 'cut', 'refuse'] as const;
export type Harm = (typeof harms)[number];

/** What must be in the fault for those who are not running already. */
export interface Expected {
  /** A Pod whose session is there already, and a permit that is withdrawn. */
  readonly changes: 'in force' | 'after it';
  /** A Pod whose role STS must be asked for. */
  readonly newRole: 'served' | 'after it';
}

/** One thing that fails in one way. */
export interface Fault {
  readonly target: Target;
  readonly harm: Harm;
  /** In a few words, for the table. */
  readonly how: string;
  readonly expected: Expected;
  /** Milliseconds; where changes are to be in force in the fault it ends when they are. */
  readonly lastsMs: number;
  /** Brings the fault about; gives back what ends it. */
  readonly strike: (world: ChaosWorld) => Promise<() => Promise<void>>;
  /** The agent is what fails: how long it may not answer once it is back. Milliseconds. */
  readonly agentBackWithinMs?: number;
  /** Failures of running Pods that are not counted against it: there is nobody who could answer. */
  readonly mayFail?: RegExp;
}

/** A fault that is left out, and why. */
export interface LeftOut {
  readonly target: Target;
  readonly harm: Harm;
  readonly why: string;
}

export const nobodyNotices: Expected = { changes: 'in force', newRole: 'served' };
export const allWaits: Expected = { changes: 'after it', newRole: 'after it' };
