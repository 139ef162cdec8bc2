import { eventually } from '@rolegate/testing';
import { readAgentMetrics, repairsOf } from '../agent-metrics.ts';
import { sendFrom } from '../asking.ts';
import { httpRequest } from '../pod-orders.ts';
import type { Sent } from '../pod-orders.ts';
import type { AttachedPod } from '../pods.ts';
import { HIJACKED, portmapRules, serviceRules } from '../portmap.ts';
import { addRules } from '../rules.ts';
import { inMode } from '../step.ts';
import { expectNone, podNamed } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { NODE, PORTS, SECOND_INTERFACE } from '../../network/addresses.ts';
import { startScript } from '../../processes/start-script.ts';

/** Those of the agent, and one that is a Pod's to have. */
const OWN = [PORTS.agent, PORTS.agentOps, 9622];
const FOREIGN = 9623;
/** In no network of the node. */
const SERVICE = '198.18.20.9';
const REPAIRED = { withinMs: 40_000, everyMs: 200 };
/** Until the guard is repaired on both back ends. Milliseconds. */
const KEPT = { pauseMs: 16_000, silenceMs: 1_500 };

/** A Pod with the agent's ports as its `hostPort`s gets nothing that is for the agent. */
export const portGuardSteps = inMode('up among others', [
  {
    title:
      'a Pod with the hostPorts 8181, 9621 and 9622 gets nothing that Pods or the node send there; what is its own it gets',
    run: (world) => withHijacker(world, layBelow),
  },
  {
    title:
      'the rules of a Pod with the hostPorts 8181, 9621 and 9622 put above ours while nobody looks: ours go above, which is counted, and the connections that were taken end',
    run: (world) => withHijacker(world, layAbove),
  },
]);

type Ask = Sent & { readonly loopback: boolean };

function askAt(name: string, host: string, port: number): Ask {
  return {
    name: `${name}, ${host}:${port}`,
    host,
    port,
    bytes: httpRequest({ target: '/metrics', host: 'node', connection: 'keep-alive' }),
    loopback: host === '127.0.0.1',
  };
}

/** The port where the node and Pods may ask for it; Pods not by loopback, which is their own. */
function askEach(name: string, port: number): readonly Ask[] {
  return [NODE.ipv4, NODE.ipv6, '127.0.0.1'].map((host) => askAt(name, host, port));
}

const ownPlaces = OWN.flatMap((port) => askEach('for the agent', port));

async function withHijacker(
  world: NetnsWorld,
  run: (world: NetnsWorld, pod: AttachedPod) => Promise<string>,
): Promise<string> {
  world.state.spoil();
  const pod = await world.network.attach({
    name: 'hijacker',
    shape: 'bridge',
    namespace: 'open',
    annotations: {},
    listed: 'refused',
  });
  // As the plugin has it, so that what the node sends to its loopback can be led to a Pod.
  await world.namespaces.sysctl('node', { 'ipv4/conf/cni0/route_localnet': 1 });
  const { stop } = await startScript(pod.enter, new URL('../hijacker.ts', import.meta.url));
  try {
    return await run(world, pod);
  } finally {
    await stop();
    await world.namespaces.sysctl('node', { 'ipv4/conf/cni0/route_localnet': 0 });
    await pod.detach();
  }
}

async function layBelow(world: NetnsWorld, { pod }: AttachedPod): Promise<string> {
  await addRules(
    world.node,
    world.backend,
    portmapRules({ pod: pod.addresses, ports: [...OWN, FOREIGN], id: 'BELOW', place: 'last' }),
  );
  const service = { pod: pod.addresses, address: SERVICE, port: PORTS.agentOps };
  await addRules(world.node, world.backend, serviceRules(service));
  const { hijacked, asked } = await askFromAll(world, ownPlaces);
  expectNone(hijacked);
  const others = [
    ...askEach('a port of its own', FOREIGN),
    askAt('the second address of the node', SECOND_INTERFACE.node, PORTS.agentOps),
    askAt('a Service', SERVICE, PORTS.agentOps),
  ];
  const its = await askFromAll(world, others);
  if (its.hijacked.length < its.asked) throw new Error(`of its own it gets only ${its.hijacked.join('; ')}`);
  return `${asked} ways to the agent, ${its.asked} to the Pod`;
}

/** From the node and from a Pod. Gives the ways on which the hijacker answers. */
async function askFromAll(
  world: NetnsWorld,
  asks: readonly Ask[],
): Promise<{ readonly hijacked: readonly string[]; readonly asked: number }> {
  const fromPod = asks.filter(({ loopback }) => !loopback);
  const order = { kind: 'tcp', atOnce: asks.length, silenceMs: 1_500 } as const;
  const came = await Promise.all([
    sendFrom(world.node, { ...order, sent: asks }),
    sendFrom(podNamed(world, 'permitted').enter, { ...order, sent: fromPod }),
  ]);
  const [byNode, byPod] = came.map((all) => all.filter(({ text }) => text.includes(HIJACKED)));
  return {
    hijacked: [
      ...(byNode ?? []).map(({ name }) => `the node, ${name}`),
      ...(byPod ?? []).map(({ name }) => `a Pod, ${name}`),
    ],
    asked: asks.length + fromPod.length,
  };
}

async function layAbove(world: NetnsWorld, { pod }: AttachedPod): Promise<string> {
  const { pid } = world.state.running('reconcile');
  const before = (await readAgentMetrics(world.programs)).get(repairsOf('ports')) ?? 0;
  process.kill(pid, 'SIGSTOP');
  let keeping;
  let taken;
  try {
    await addRules(
      world.node,
      world.backend,
      portmapRules({ pod: pod.addresses, ports: OWN, id: 'ABOVE', place: 'first' }),
    );
    taken = await askFromAll(world, ownPlaces);
    keeping = sendFrom(world.node, { kind: 'kept', sent: askEach('kept', 9622), ...KEPT });
    keeping.catch(() => undefined);
    // Each has been answered for the first time by then.
    await new Promise((resolve) => setTimeout(resolve, KEPT.silenceMs));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  if (taken.hijacked.length < taken.asked)
    throw new Error(`proves nothing: it gets only ${taken.hijacked.join('; ')}`);
  const sinceMs = Date.now();
  await eventually(async () => {
    const now = (await readAgentMetrics(world.programs)).get(repairsOf('ports')) ?? 0;
    if (now <= before) throw new Error(`${repairsOf('ports')} is ${now} as before`);
  }, REPAIRED);
  const repairedMs = Date.now() - sinceMs;
  expectNone((await askFromAll(world, ownPlaces)).hijacked);
  const kept = await keeping;
  expectNone(
    kept.filter(({ end }) => end === 'unasked').map(({ name }) => `proves nothing: ${name} was not asked`),
  );
  expectNone(
    kept.filter(({ text }) => text.includes(HIJACKED)).map(({ name }) => `${name} is still the Pod's`),
  );
  return `${taken.asked} ways taken before, repaired after ${repairedMs} ms`;
}
