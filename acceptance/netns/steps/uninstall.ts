import { eventually } from '@rolegate/testing';
import { readAgentMetrics } from '../agent-metrics.ts';
import { askBoth } from '../asking.ts';
import { askEverywhere, standingPod } from '../every-pod.ts';
import { snapshotDifference, takeSnapshot } from '../rules.ts';
import type { Snapshot } from '../rules.ts';
import { findSentinel } from '../sentinels.ts';
import type { Scene, Step } from '../step.ts';

/** On the event, at the latest after 30 s. */
const MENDED = { withinMs: 40_000, everyMs: 250 };

/** Both back ends, both families and `ip rule` are as if Rolegate had never been there. */
export const uninstallSteps: readonly Step[] = [
  {
    name: 'uninstall leaves all rules as they were before, and can be repeated',
    mode: 'up among others',
    async run(scene) {
      await scene.state.stopAll();
      if (snapshotDifference(scene.others.alone().before, await takeSnapshot(scene.node)) === '')
        throw new Error('proves nothing: no rule is there after the programs have stopped');
      await uninstallTo(scene, scene.others.alone().before);
      await uninstallTo(scene, scene.others.alone().before);
      await expectOpen(scene);
      return undefined;
    },
  },
  {
    name: 'uninstall leaves all rules as they were before, after a SIGKILL of everything',
    mode: 'up among others',
    async run(scene) {
      const all = ['reconcile', 'agent', 'server'] as const;
      await Promise.all(all.map((name) => scene.state.running(name).kill()));
      await uninstallTo(scene, scene.others.alone().before);
      return undefined;
    },
  },
  {
    name: "other tools' rules that come meanwhile are told of, take nobody's requests for long, and stay after uninstall",
    mode: 'up among others',
    async run(scene) {
      scene.state.spoil();
      const foreign = 'rolegate_interception_foreign_rules';
      const before = (await readAgentMetrics(scene.programs)).get(foreign) ?? 0;
      await scene.others.layMeanwhile();
      await askEverywhere(scene, 'anything');
      await eventually(async () => {
        const now = (await readAgentMetrics(scene.programs)).get(foreign) ?? 0;
        if (now !== before + 1) throw new Error(`${foreign} is ${now}, before it was ${before}`);
      }, MENDED);
      await eventually(() => askEverywhere(scene, 'as up'), MENDED);
      await scene.state.stopAll();
      await uninstallTo(scene, scene.others.alone().meanwhile);
      return undefined;
    },
  },
];

async function uninstallTo({ state, node }: Scene, wanted: Snapshot): Promise<void> {
  await state.once('uninstall');
  const difference = snapshotDifference(wanted, await takeSnapshot(node));
  if (difference !== '') throw new Error(`not as before: ${difference}`);
}

/** That it was the rules, and nothing else, that denied. */
async function expectOpen(scene: Scene): Promise<void> {
  const answers = await askBoth(standingPod(scene, 'permitted-bridge').enter);
  if (answers.some(({ body }) => findSentinel(body) === undefined))
    throw new Error('a Pod does not reach the cloud again');
}
