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

/** Longer than any session that the server asks for. Seconds. */
const LONGEST_SESSION_SECONDS = 43_200;

/** Ends what earlier phases have changed: sessions are as long as usual, and the agent has its default flags. */
export async function asUsual({ standIns, endpoint }: ClientsWorld): Promise<void> {
  await standIns.call({ do: 'limit-sessions', seconds: LONGEST_SESSION_SECONDS });
  await endpoint.restartAgent();
}
