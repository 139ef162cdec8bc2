import { eventually } from '@rolegate/testing';
import { readAgentMetrics, repairsOf } from '../agent-metrics.ts';
import { bothCalls, hammerFrom, sendFrom } from '../asking.ts';
import { outputOf } from '../commands.ts';
import { askEverywhere, faultsOfEach } from '../every-pod.ts';
import { besidePort80 } from '../other-ports.ts';
import { iptables } from '../rules.ts';
import { sentinels } from '../sentinels.ts';
import type { Scene, Step } from '../step.ts';
import { cutShort, expectNone, sentinelFaults } from '../verdicts.ts';
import { directly } from './requests.ts';

/** On the event, at the latest after 30 s. */
const MENDED = { withinMs: 40_000, everyMs: 200 };

interface Flush {
  readonly name: string;
  readonly layers: readonly string[];
  readonly flush: (scene: Scene) => Promise<void>;
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
  { name: 'ip rule', layers: ['route'], flush: deleteIpRules },
];

/** Every rule at the two priorities, of both families. */
async function deleteIpRules({ node }: Scene): Promise<void> {
  for (const family of ['-4', '-6'])
    for (const priority of ['5', '6'])
      await outputOf([...node, 'ip', family, 'rule', 'del', 'priority', priority]);
}

/** Each layer lost to somebody else: nothing opens while nobody mends, and it is mended and counted. */
export const flushSteps: readonly Step[] = [
  ...flushes.map(({ name, layers, flush }): Step => ({
    name: `somebody flushes ${name}: nothing opens while it is lost, and it is mended and counted`,
    mode: 'up',
    async run(scene) {
      scene.state.spoil();
      const before = await readAgentMetrics(scene.programs);
      const { pid } = scene.state.running('reconcile');
      process.kill(pid, 'SIGSTOP');
      try {
        await flush(scene);
        await askEverywhere(scene, 'anything');
        await expectShut(scene);
        if (layers.includes('input')) await expectNoGuard(scene);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const sinceMs = Date.now();
      await eventually(() => expectRepaired(scene, layers, before), MENDED);
      const mendedMs = Date.now() - sinceMs;
      await eventually(() => askEverywhere(scene, 'as up'), MENDED);
      return `mended after ${mendedMs} ms`;
    },
  })),
  {
    name: 'somebody flushes one layer after the other while Pods ask without an end: nothing opens',
    mode: 'up',
    run: flushUnderLoad,
  },
];

async function expectShut(scene: Scene): Promise<void> {
  for (const kind of ['tcp', 'udp'] as const) {
    const sent = besidePort80[kind];
    expectNone(
      await faultsOfEach(scene, async ({ enter }) =>
        sentinelFaults(await sendFrom(enter, { kind, sent, atOnce: sent.length, silenceMs: 1_500 })),
      ),
    );
  }
}

/** That others are not answered on the agent's port is the guard's doing, and nothing else's. */
async function expectNoGuard({ namespaces }: Scene): Promise<void> {
  const enter = namespaces.enter('other-node');
  const came = await sendFrom(enter, { kind: 'tcp', sent: directly, atOnce: 6, silenceMs: 1_500 });
  if (came.every(({ text }) => text === ''))
    throw new Error('another node is not answered without the guard');
  expectNone(sentinelFaults(came));
}

async function expectRepaired(
  { programs }: Scene,
  layers: readonly string[],
  before: ReadonlyMap<string, number>,
): Promise<void> {
  const now = await readAgentMetrics(programs);
  for (const layer of layers) {
    const [was = 0, is = 0] = [before.get(repairsOf(layer)), now.get(repairsOf(layer))];
    if (is <= was) throw new Error(`${repairsOf(layer)} is ${is} as before`);
    if (now.get(`rolegate_interception_ok{layer="${layer}"}`) !== 1)
      throw new Error(`the layer ${layer} is not said to be in order`);
  }
}

async function flushUnderLoad(scene: Scene): Promise<string> {
  scene.state.spoil();
  const order = { sent: bothCalls, atOnce: 2, forMs: 8_000, forbidden: sentinels };
  let asked = 0;
  const hammering = faultsOfEach(scene, async ({ enter }) => {
    const hammered = await hammerFrom(enter, order);
    asked += hammered.asked;
    return hammered.forbidden.map((text) => `was given ${cutShort(text)}`);
  });
  const [faults] = await Promise.all([hammering, flushInTurn(scene)]);
  expectNone(faults);
  return `asked ${asked} times`;
}

/** One layer at a time: two that are lost together are more than is promised. */
async function flushInTurn(scene: Scene): Promise<void> {
  for (const { flush, layers } of flushes) {
    const before = await readAgentMetrics(scene.programs);
    await flush(scene);
    // There are no events of the legacy back end, and half a minute is too long to ask without an end.
    if (scene.backend === 'legacy' && !layers.includes('route')) await scene.state.once('intercept');
    else await eventually(() => expectRepaired(scene, layers, before), MENDED);
  }
}
