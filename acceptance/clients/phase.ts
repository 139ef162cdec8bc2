import type { Step } from '@rolegate/testing';
import type { ClientsWorld } from './world.ts';

export type ClientStep = Step<ClientsWorld>;

/** Steps that need the node in the same state. */
export interface Phase {
  readonly begin: (world: ClientsWorld) => Promise<unknown>;
  readonly steps: readonly ClientStep[];
  /** How many steps run at the same time. */
  readonly atOnce: number;
}
