import { runSteps } from '@rolegate/testing';
import type { Row } from '@rolegate/testing';
import { tableHead } from '../judge.ts';
import type { Part } from '../part.ts';
import { findPython } from '../requirements.ts';
import { scenario } from './all-steps.ts';
import { startWatchers } from '../watch/watchers.ts';
import { openWorld } from './world.ts';

/** What Pods and other nodes do to a node and its server. */
export const nodePart: Part = {
  report: 'test:hostile',
  matching: (only) => scenario.filter(({ title }) => only.test(title)).length,
  head: tableHead,
  async play({ only, stretch, bundles, print, signal }) {
    const rows: Row[] = [];
    await using stack = new AsyncDisposableStack();
    const world = stack.use(await openWorld({ name: `rg${process.pid}`, bundles }));
    await world.programs.intercept();
    const watchers = await startWatchers(world, stack);
    const outcome = await runSteps({
      steps: scenario.filter(({ title }) => only.test(title)),
      world: { ...world, watchers, stretch, python: await findPython(), rows },
      print,
      signal,
    });
    return { outcome, rows };
  },
};
