import type { Step } from '@rolegate/testing';
import type { ModeName } from './modes.ts';
import type { NetnsWorld } from './world.ts';

export type NetnsStep = Step<NetnsWorld>;

/** The same steps, each of which brings the node to the mode before it begins. */
export function inMode(mode: ModeName, steps: readonly NetnsStep[]): NetnsStep[] {
  return steps.map(({ title, run }) => ({
    title,
    async run(world) {
      await world.state.bring(mode);
      return run(world);
    },
  }));
}

/** The same steps, made with one back end alone: nothing of them depends on it, and they take their time. */
export function withNft(steps: readonly NetnsStep[]): NetnsStep[] {
  return steps.map(({ title, run }) => ({
    title,
    run: (world) => (world.backend === 'nft' ? run(world) : Promise.resolve('shown with nft')),
  }));
}
