import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AttackReport } from '../../watch/seen.ts';
import type { AgentAct } from '../orders.ts';
import { strangersStep } from '../step.ts';
import type { StrangersWorld, StrangersStep } from '../step.ts';
import { STRANGERS_ADDRESS } from '../world/agent-nodes.ts';

/** DESIGN.md 4.6 gives a minute. What is deleted is refused as soon as the watch says so. Milliseconds. */
const OUT_WITHIN_MS = 5_000;
const ACTS: readonly AgentAct[] = ['attest', 'renew', 'open a stream'];

type Thief = StrangersWorld['stolen'];

function orderOf({ agents }: StrangersWorld, act: AgentAct, { holder, identity }: Thief) {
  return { act, ports: agents.ports(), holder, identity };
}

/** What succeeds although it must not. */
async function openedFor(world: StrangersWorld, thief: Thief, acts = ACTS): Promise<string[]> {
  const faults: string[] = [];
  for (const act of acts) {
    const { failure } = await world.agents.call.attempt(orderOf(world, act, thief));
    if (failure === '') faults.push(`who was shut out can ${act}`);
  }
  return faults;
}

/** Holds a stream of a stolen node while `out` shuts it out, and tries everything afterwards. */
async function shutOut(
  world: StrangersWorld,
  thief: Thief,
  out: () => Promise<unknown>,
): Promise<AttackReport> {
  const { call } = world.agents;
  await call.hold(orderOf(world, 'open a stream', thief));
  await out();
  const startMs = performance.now();
  const why = await call.held(OUT_WITHIN_MS);
  const took = `${Math.round(performance.now() - startMs)} ms`;
  const faults = why === '' ? [`the stream of who was shut out is open after ${took}`] : [];
  return {
    said: `the stream ended after ${took}: ${why}`,
    faults: faults.concat(await openedFor(world, thief)),
  };
}

async function deleteAgentPod(world: StrangersWorld): Promise<AttackReport> {
  const node = { name: 'rolled-out', address: STRANGERS_ADDRESS };
  const former = await world.agents.steal(node);
  const report = await shutOut(world, former, () =>
    world.standIn.remove({ kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${node.name}` }),
  );
  const holder = await world.agents.addPod(node, `agent-${node.name}-next`);
  // The watch tells the server of the Pod.
  await sleep(200);
  const startMs = performance.now();
  const order = orderOf(world, 'attest', { holder, identity: former.identity });
  const { failure } = await world.agents.call.attempt(order);
  const took = `${Math.round(performance.now() - startMs)} ms`;
  return {
    said: `${report.said}; the next Pod attested after ${took}`,
    faults: (report.faults ?? []).concat(failure === '' ? [] : `the next Pod is refused: ${failure}`),
  };
}

async function deleteNode(world: StrangersWorld): Promise<AttackReport> {
  const name = 'shut-out';
  const node = { name, address: STRANGERS_ADDRESS };
  const thief = await world.agents.steal(node);
  const report = await shutOut(world, thief, async () => {
    await world.standIn.remove({ kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${name}` });
    await world.standIn.remove({ kind: 'Node', name });
  });
  await world.standIn.apply({ kind: 'Node', metadata: { name } });
  await sleep(500);
  const again = (await openedFor(world, thief)).map((fault) => `${fault} by a Node that it created again`);
  return { said: report.said, faults: (report.faults ?? []).concat(again) };
}

export const shutOutSteps: readonly StrangersStep[] = [
  strangersStep({
    title:
      'A deleted agent Pod loses its stream and certificate, and the next Pod attests immediately',
    run: deleteAgentPod,
  }),
  strangersStep({
    title:
      'Deleting a Node and its Pods ends its stream, renewal and attestation, and recreating the Node restores none of them',
    run: deleteNode,
  }),
];
