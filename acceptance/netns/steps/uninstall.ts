import { eventually } from '@rolegate/testing';
import { readAgentMetric, REPAIRED } from '../agent-metrics.ts';
import { curlBothPaths } from '../send-from-pod.ts';
import { snapshotDifference, takeSnapshot } from '../rules.ts';
import type { Snapshot } from '../rules.ts';
import { inMode } from '../step.ts';
import { expectAnswers, podNamed } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { findSentinel } from '../../stand-ins/sentinels.ts';

/** Checks both backends, both families and the ip rules. */
export const uninstallSteps = inMode('up with other tools', [
  {
    title: 'Uninstall leaves all rules as they were before and can be repeated',
    async run(world) {
      await world.state.stopAll();
      if (snapshotDifference(world.others.snapshots().before, await takeSnapshot(world.node)) === '')
        throw new Error('proves nothing: no rules remain after the programs have stopped');
      await uninstallTo(world, world.others.snapshots().before);
      await uninstallTo(world, world.others.snapshots().before);
      await expectOpen(world);
    },
  },
  {
    title: 'Uninstall leaves all rules as they were before, even after everything was killed',
    async run(world) {
      const all = ['reconcile', 'agent', 'server'] as const;
      await Promise.all(all.map((name) => world.state.running(name).kill()));
      await uninstallTo(world, world.others.snapshots().before);
    },
  },
  {
    title:
      'Rules that other tools add while Rolegate runs are counted, divert requests only briefly, and remain after uninstall',
    async run(world) {
      world.state.markOtherRulesChanged();
      const foreign = 'rolegate_interception_foreign_rules';
      const before = (await readAgentMetric(world, foreign)) ?? 0;
      await world.others.installLater();
      await expectAnswers(world, 'anything');
      await eventually(async () => {
        const now = (await readAgentMetric(world, foreign)) ?? 0;
        if (now !== before + 1) throw new Error(`${foreign} was ${before} and is ${now}`);
      }, REPAIRED);
      await eventually(() => expectAnswers(world, 'as up'), REPAIRED);
      await world.state.stopAll();
      await uninstallTo(world, world.others.snapshots().withLater);
    },
  },
]);

async function uninstallTo({ state, node }: NetnsWorld, wanted: Snapshot): Promise<void> {
  await state.once('uninstall');
  const difference = snapshotDifference(wanted, await takeSnapshot(node));
  if (difference !== '') throw new Error(`rules differ from before: ${difference}`);
}

/** Proves that only the rules blocked the Pods. */
async function expectOpen(world: NetnsWorld): Promise<void> {
  const answers = await curlBothPaths(podNamed(world, 'permitted-bridge').enter);
  if (answers.some(({ body }) => findSentinel(body) === undefined))
    throw new Error('a Pod does not reach the cloud');
}
