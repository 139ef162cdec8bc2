import type { AgentStart, Program } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import type { Recover } from '../../chaos/port-faults.ts';
import type { AlertCluster } from './world/cluster.ts';

/** A fault that makes alerts fire. */
export interface AlertFault {
  /** For the report: what happens, as a sentence without a full stop. */
  readonly title: string;
  /** The alerts that must fire during the fault and end after it, the most telling one first. */
  readonly alerts: readonly string[];
  /** Injects the fault and returns a function that ends it. */
  readonly inject: (cluster: AlertCluster) => Recover | Promise<Recover>;
}

/** Faults that are injected into the same cluster at the same time. */
export type Round = readonly AlertFault[];

/** Longer than a program's own deadline, because several clusters share the machine. */
const READY = { withinMs: 60_000, everyMs: 100 };

export function untilReady(program: Program): Promise<void> {
  return eventually(() => program.ready(), READY);
}

/** Stops the agent and starts it with other settings. */
export async function restartAgent(
  { world }: AlertCluster,
  start: Pick<AgentStart, 'env' | 'flags'> = {},
): Promise<void> {
  await world.agent.stop();
  await untilReady(world.startAgent(start));
}
