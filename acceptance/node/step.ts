import type { Step } from '@rolegate/testing';
import type { NodeWorld } from './world.ts';

export type NodeStep = Step<NodeWorld>;

/** The same step; if it fails the others would prove nothing, and the suite ends. */
export function needed({ title, run }: NodeStep): NodeStep {
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
