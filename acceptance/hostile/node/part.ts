import { tableHead } from '../judge.ts';
import { createPart } from '../part.ts';
import type { RunOptions } from '../part.ts';
import { findPython } from '../requirements.ts';
import { startWatchers } from '../watch/watchers.ts';
import { nodeSteps } from './all-steps.ts';
import type { NodeWorld } from './step.ts';
import { openNode } from './world.ts';

/** Attacks of Pods and other nodes on a node and its server. */
export const nodePart = createPart({
  report: 'test:hostile',
  head: tableHead,
  steps: nodeSteps,
  open: openWorld,
});

async function openWorld(
  { durationFactor, bundles }: Pick<RunOptions, 'durationFactor' | 'bundles'>,
  stack: AsyncDisposableStack,
): Promise<NodeWorld> {
  const node = stack.use(await openNode({ name: `rg${process.pid}`, bundles }));
  await node.programs.intercept();
  const watchers = await startWatchers(node, stack);
  return { ...node, watchers, durationFactor, python: await findPython(), rows: [] };
}
