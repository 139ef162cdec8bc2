import { eventually, outputOf } from '@rolegate/testing';
import { readAgentMetrics, REPAIRED, repairsOf } from '../agent-metrics.ts';
import { sendFrom } from '../send-from-pod.ts';
import { otherPorts } from '../requests.ts';
import { iptables } from '../rules.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { directly } from './requests.ts';
import {
  checkEachPod,
  expectAnswers,
  expectNoProblems,
  hammerFromAllPods,
  sentinelProblems,
} from '../checks.ts';
import type { NetnsWorld } from '../world.ts';

interface Flush {
  readonly name: string;
  readonly layers: readonly string[];
  readonly flush: (world: NetnsWorld) => Promise<void>;
}

const flushes: readonly Flush[] = [
  {
    name: 'the nat table',
    layers: ['nat'],
    flush: ({ node, backend }) => iptables(node, backend, ['-t', 'nat', '-F']),
  },
  {
    name: 'the filter table',
    layers: ['filter', 'input'],
    flush: ({ node, backend }) => iptables(node, backend, ['-t', 'filter', '-F']),
  },
  { name: 'the ip rules', layers: ['route'], flush: deleteIpRules },
];

/** Deletes the rules at both priorities in both families. */
async function deleteIpRules({ node }: NetnsWorld): Promise<void> {
  for (const family of ['-4', '-6'])
    for (const priority of ['5', '6'])
      await outputOf([...node, 'ip', family, 'rule', 'del', 'priority', priority]);
}

/** Another program removes each layer while reconcile is stopped. */
export const flushSteps = inMode('up', [
  ...flushes.map(({ name, layers, flush }): NetnsStep => ({
    title: `If another program flushes ${name}, nothing is exposed until it is repaired, and the repair is counted`,
    async run(world) {
      world.state.markOtherRulesChanged();
      const before = await readAgentMetrics(world);
      await world.state.whileSuspended('reconcile', async () => {
        await flush(world);
        await expectAnswers(world, 'anything');
        await expectShut(world);
        if (layers.includes('input')) await expectNoGuard(world);
      });
      const sinceMs = Date.now();
      await eventually(() => expectRepaired(world, layers, before), REPAIRED);
      const repairedMs = Date.now() - sinceMs;
      await eventually(() => expectAnswers(world, 'as up'), REPAIRED);
      return `repaired after ${repairedMs} ms`;
    },
  })),
  {
    title: 'Nothing is exposed while one layer after the other is flushed and Pods send requests nonstop',
    run: flushUnderLoad,
  },
]);

async function expectShut(world: NetnsWorld): Promise<void> {
  for (const kind of ['tcp', 'udp'] as const) {
    const requests = otherPorts[kind];
    expectNoProblems(
      await checkEachPod(world, async ({ enter }) =>
        sentinelProblems(
          await sendFrom(enter, { kind, requests, atOnce: requests.length, silenceMs: 1_500 }),
        ),
      ),
    );
  }
}

/** Without the guard, another node reaches the agent's port: this proves that the guard blocks it. */
async function expectNoGuard({ namespaces }: NetnsWorld): Promise<void> {
  const enter = namespaces.enter('other-node');
  const answers = await sendFrom(enter, { kind: 'tcp', requests: directly, atOnce: 6, silenceMs: 1_500 });
  if (answers.every(({ text }) => text === ''))
    throw new Error('another node gets no answer without the guard');
  expectNoProblems(sentinelProblems(answers));
}

async function expectRepaired(
  world: NetnsWorld,
  layers: readonly string[],
  before: ReadonlyMap<string, number>,
): Promise<void> {
  const now = await readAgentMetrics(world);
  for (const layer of layers) {
    const [was = 0, is = 0] = [before.get(repairsOf(layer)), now.get(repairsOf(layer))];
    if (is <= was) throw new Error(`${repairsOf(layer)} is still ${is}`);
    if (now.get(`rolegate_interception_ok{layer="${layer}"}`) !== 1)
      throw new Error(`the layer ${layer} is not reported as healthy`);
  }
}

async function flushUnderLoad(world: NetnsWorld): Promise<string> {
  world.state.markOtherRulesChanged();
  const [{ asked, problems }] = await Promise.all([hammerFromAllPods(world, 8_000), flushInTurn(world)]);
  expectNoProblems(problems);
  return `${asked} requests`;
}

/** One layer at a time: losing two together is beyond the promise. */
async function flushInTurn(world: NetnsWorld): Promise<void> {
  for (const { flush, layers } of flushes) {
    const before = await readAgentMetrics(world);
    await flush(world);
    // The legacy backend has no events, and waiting 30 s for the regular check would take too long.
    if (world.backend === 'legacy' && !layers.includes('route')) await world.state.once('intercept');
    else await eventually(() => expectRepaired(world, layers, before), REPAIRED);
  }
}
