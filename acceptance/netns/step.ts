import type { Step } from '@rolegate/testing';
import type { ModeName } from './modes.ts';
import type { NetnsWorld } from './world.ts';

export type NetnsStep = Step<NetnsWorld>;

/** Makes each step bring the node to the mode first. */
export function inMode(mode: ModeName, steps: readonly NetnsStep[]): NetnsStep[] {
  return steps.map(({ title, run }) => ({
    title,
    async run(world) {
      await world.state.bring(mode);
      return run(world);
    },
  }));
}

/** Runs the steps only with the nft backend: they are slow and do not depend on it. */
export function withNft(steps: readonly NetnsStep[]): NetnsStep[] {
  return steps.map(({ title, run }) => ({
    title,
    run: (world) => (world.backend === 'nft' ? run(world) : Promise.resolve('runs with nft only')),
  }));
}
