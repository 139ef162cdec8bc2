import { eventually } from '@rolegate/testing';
import { readAgentMetrics } from '../agent-metrics.ts';
import { askBoth } from '../asking.ts';
import { snapshotDifference, takeSnapshot } from '../rules.ts';
import type { Snapshot } from '../rules.ts';
import { inMode } from '../step.ts';
import { askEverywhere, podNamed } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { findSentinel } from '../../stand-ins/sentinels.ts';

/** On the event, at the latest after 30 s. */
const REPAIRED = { withinMs: 40_000, everyMs: 250 };

/** Both back ends, both families and `ip rule` are as if Rolegate had never been there. */
export const uninstallSteps = inMode('up among others', [
  {
    title: 'uninstall leaves all rules as they were before, and can be repeated',
    async run(world) {
      await world.state.stopAll();
      if (snapshotDifference(world.others.alone().before, await takeSnapshot(world.node)) === '')
        throw new Error('proves nothing: no rule is there after the programs have stopped');
      await uninstallTo(world, world.others.alone().before);
      await uninstallTo(world, world.others.alone().before);
      await expectOpen(world);
    },
  },
  {
    title: 'uninstall leaves all rules as they were before, after a SIGKILL of everything',
    async run(world) {
      const all = ['reconcile', 'agent', 'server'] as const;
      await Promise.all(all.map((name) => world.state.running(name).kill()));
      await uninstallTo(world, world.others.alone().before);
    },
  },
  {
    title:
      "other tools' rules that come meanwhile are counted, take nobody's requests for long, and stay after uninstall",
    async run(world) {
      world.state.spoil();
      const foreign = 'rolegate_interception_foreign_rules';
      const before = (await readAgentMetrics(world.programs)).get(foreign) ?? 0;
      await world.others.installMeanwhile();
      await askEverywhere(world, 'anything');
      await eventually(async () => {
        const now = (await readAgentMetrics(world.programs)).get(foreign) ?? 0;
        if (now !== before + 1) throw new Error(`${foreign} is ${now}, before it was ${before}`);
      }, REPAIRED);
      await eventually(() => askEverywhere(world, 'as up'), REPAIRED);
      await world.state.stopAll();
      await uninstallTo(world, world.others.alone().meanwhile);
    },
  },
]);

async function uninstallTo({ state, node }: NetnsWorld, wanted: Snapshot): Promise<void> {
  await state.once('uninstall');
  const difference = snapshotDifference(wanted, await takeSnapshot(node));
  if (difference !== '') throw new Error(`not as before: ${difference}`);
}

/** That it was the rules, and nothing else, that denied. */
async function expectOpen(world: NetnsWorld): Promise<void> {
  const answers = await askBoth(podNamed(world, 'permitted-bridge').enter);
  if (answers.some(({ body }) => findSentinel(body) === undefined))
    throw new Error('a Pod does not reach the cloud again');
}
