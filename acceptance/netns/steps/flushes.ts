import { eventually, outputOf } from '@rolegate/testing';
import { readAgentMetrics, repairsOf } from '../agent-metrics.ts';
import { bothCalls, hammerFrom, sendFrom } from '../asking.ts';
import { besidePort80 } from '../requests.ts';
import { iptables } from '../rules.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { directly } from './requests.ts';
import { askEverywhere, cutShort, expectNone, faultsOfEach, sentinelFaults } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { sentinels } from '../../stand-ins/sentinels.ts';

/** On the event, at the latest after 30 s. */
const REPAIRED = { withinMs: 40_000, everyMs: 200 };

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
  { name: 'ip rule', layers: ['route'], flush: deleteIpRules },
];

/** Every rule at the two priorities, of both families. */
async function deleteIpRules({ node }: NetnsWorld): Promise<void> {
  for (const family of ['-4', '-6'])
    for (const priority of ['5', '6'])
      await outputOf([...node, 'ip', family, 'rule', 'del', 'priority', priority]);
}

/** Each layer lost to somebody else: nothing opens while nobody mends, and it is mended and counted. */
export const flushSteps = inMode('up', [
  ...flushes.map(({ name, layers, flush }): NetnsStep => ({
    title: `somebody flushes ${name}: nothing opens while it is lost, and it is repaired and counted`,
    async run(world) {
      world.state.spoil();
      const before = await readAgentMetrics(world.programs);
      const { pid } = world.state.running('reconcile');
      process.kill(pid, 'SIGSTOP');
      try {
        await flush(world);
        await askEverywhere(world, 'anything');
        await expectShut(world);
        if (layers.includes('input')) await expectNoGuard(world);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const sinceMs = Date.now();
      await eventually(() => expectRepaired(world, layers, before), REPAIRED);
      const repairedMs = Date.now() - sinceMs;
      await eventually(() => askEverywhere(world, 'as up'), REPAIRED);
      return `repaired after ${repairedMs} ms`;
    },
  })),
  {
    title: 'somebody flushes one layer after the other while Pods ask without an end: nothing opens',
    run: flushUnderLoad,
  },
]);

async function expectShut(world: NetnsWorld): Promise<void> {
  for (const kind of ['tcp', 'udp'] as const) {
    const sent = besidePort80[kind];
    expectNone(
      await faultsOfEach(world, async ({ enter }) =>
        sentinelFaults(await sendFrom(enter, { kind, sent, atOnce: sent.length, silenceMs: 1_500 })),
      ),
    );
  }
}

/** That others are not answered on the agent's port is the guard's doing, and nothing else's. */
async function expectNoGuard({ namespaces }: NetnsWorld): Promise<void> {
  const enter = namespaces.enter('other-node');
  const came = await sendFrom(enter, { kind: 'tcp', sent: directly, atOnce: 6, silenceMs: 1_500 });
  if (came.every(({ text }) => text === ''))
    throw new Error('another node is not answered without the guard');
  expectNone(sentinelFaults(came));
}

async function expectRepaired(
  { programs }: NetnsWorld,
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

async function flushUnderLoad(world: NetnsWorld): Promise<string> {
  world.state.spoil();
  const order = { sent: bothCalls, atOnce: 2, forMs: 8_000, forbidden: sentinels };
  let asked = 0;
  const hammering = faultsOfEach(world, async ({ enter }) => {
    const hammered = await hammerFrom(enter, order);
    asked += hammered.asked;
    return hammered.forbidden.map((text) => `was given ${cutShort(text)}`);
  });
  const [faults] = await Promise.all([hammering, flushInTurn(world)]);
  expectNone(faults);
  return `asked ${asked} times`;
}

/** One layer at a time: two that are lost together are more than is promised. */
async function flushInTurn(world: NetnsWorld): Promise<void> {
  for (const { flush, layers } of flushes) {
    const before = await readAgentMetrics(world.programs);
    await flush(world);
    // There are no events of the legacy back end, and half a minute is too long to ask without an end.
    if (world.backend === 'legacy' && !layers.includes('route')) await world.state.once('intercept');
    else await eventually(() => expectRepaired(world, layers, before), REPAIRED);
  }
}
