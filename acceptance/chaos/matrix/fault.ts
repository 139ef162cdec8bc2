import type { Recover } from '../port-faults.ts';
import type { ChaosWorld } from '../world.ts';

export type Component = 'one server' | 'both servers' | 'STS' | 'API server' | 'agent' | 'feed path';
export type FailureMode = 'kill' | 'hang' | 'slow' | 'cut' | 'refuse';

/** What new Pods and changes must get during the fault. */
export interface Expected {
  /** A new Pod with a cached session, and a revoked permit. */
  readonly changes: 'in force' | 'afterwards';
  /** A new Pod with a new role. */
  readonly newRole: 'served' | 'afterwards';
}

/** One component that fails in one way. */
export interface Fault {
  readonly component: Component;
  readonly mode: FailureMode;
  /** Short description for the table. */
  readonly how: string;
  readonly expected: Expected;
  /** Maximum duration. The fault ends earlier if all changes are expected and in force. Milliseconds. */
  readonly durationMs: number;
  /** Injects the fault and returns a function that ends it. */
  readonly inject: (world: ChaosWorld) => Recover | Promise<Recover>;
  /** How long requests may fail after the agent is back. Milliseconds. */
  readonly agentBackWithinMs?: number;
  /** Failures of running Pods that are expected, because no agent can answer. */
  readonly mayFail?: RegExp;
}

/** A combination that is not tested. */
export interface LeftOut {
  readonly component: Component;
  readonly mode: FailureMode;
  readonly why: string;
}

export const noEffect: Expected = { changes: 'in force', newRole: 'served' };
export const everythingWaits: Expected = { changes: 'afterwards', newRole: 'afterwards' };
