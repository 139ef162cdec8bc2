import type { Step } from '@rolegate/testing';
import type { NodeWorld } from './world.ts';

export type NodeStep = Step<NodeWorld>;

/** Ends the suite if the step fails. */
export function required({ title, run }: NodeStep): NodeStep {
  return {
    title,
    async run(world) {
      try {
        await run(world);
      } catch (error) {
        world.stop(error);
        throw error;
      }
    },
  };
}
