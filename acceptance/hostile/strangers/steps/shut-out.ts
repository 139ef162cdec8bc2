import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AttackTold } from '../../watch/seen.ts';
import type { AgentAct } from '../orders.ts';
import { strangersStep } from '../step.ts';
import type { StrangersScene, StrangersStep } from '../step.ts';
import { STRANGERS_ADDRESS } from '../world/agent-nodes.ts';

/** DESIGN.md 4.6 gives a minute. What is deleted is refused as soon as the watch says so. Milliseconds. */
const OUT_WITHIN_MS = 5_000;
const ACTS: readonly AgentAct[] = ['attest', 'renew', 'open a stream'];

type Thief = StrangersScene['stolen'];

function orderOf({ agents }: StrangersScene, act: AgentAct, { holder, identity }: Thief) {
  return { act, ports: agents.ports(), holder, identity };
}

/** What succeeds although it must not. */
async function openedFor(scene: StrangersScene, thief: Thief, acts = ACTS): Promise<string[]> {
  const faults: string[] = [];
  for (const act of acts) {
    const { failure } = await scene.agents.call.attempt(orderOf(scene, act, thief));
    if (failure === '') faults.push(`who was shut out can ${act}`);
  }
  return faults;
}

/** Holds a stream of a stolen node while `out` shuts it out, and tries everything afterwards. */
async function shutOut(
  scene: StrangersScene,
  thief: Thief,
  out: () => Promise<unknown>,
): Promise<AttackTold> {
  const { call } = scene.agents;
  await call.hold(orderOf(scene, 'open a stream', thief));
  await out();
  const startMs = performance.now();
  const why = await call.held(OUT_WITHIN_MS);
  const took = `${Math.round(performance.now() - startMs)} ms`;
  const faults = why === '' ? [`the stream of who was shut out is open after ${took}`] : [];
  return {
    said: `the stream ended after ${took}: ${why}`,
    faults: faults.concat(await openedFor(scene, thief)),
  };
}

async function deleteAgentPod(scene: StrangersScene): Promise<AttackTold> {
  const node = { name: 'rolled-out', address: STRANGERS_ADDRESS };
  const former = await scene.agents.steal(node);
  const told = await shutOut(scene, former, () =>
    scene.standIn.remove({ kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${node.name}` }),
  );
  const holder = await scene.agents.addPod(node, `agent-${node.name}-next`);
  // The watch tells the server of the Pod.
  await sleep(200);
  const startMs = performance.now();
  const order = orderOf(scene, 'attest', { holder, identity: former.identity });
  const { failure } = await scene.agents.call.attempt(order);
  const took = `${Math.round(performance.now() - startMs)} ms`;
  return {
    said: `${told.said}; the next Pod attested after ${took}`,
    faults: (told.faults ?? []).concat(failure === '' ? [] : `the next Pod is refused: ${failure}`),
  };
}

async function deleteNode(scene: StrangersScene): Promise<AttackTold> {
  const name = 'shut-out';
  const node = { name, address: STRANGERS_ADDRESS };
  const thief = await scene.agents.steal(node);
  const told = await shutOut(scene, thief, async () => {
    await scene.standIn.remove({ kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${name}` });
    await scene.standIn.remove({ kind: 'Node', name });
  });
  await scene.standIn.apply({ kind: 'Node', metadata: { name } });
  await sleep(500);
  const again = (await openedFor(scene, thief)).map((fault) => `${fault} by a Node that it created again`);
  return { said: told.said, faults: (told.faults ?? []).concat(again) };
}

export const shutOutSteps: readonly StrangersStep[] = [
  strangersStep({
    title:
      'An agent Pod that is deleted loses its stream and its certificate, and its next Pod attests at once',
    run: deleteAgentPod,
  }),
  strangersStep({
    title:
      'A node whose Node and Pods are deleted loses stream, renewal and attestation, and a new Node gives none back',
    run: deleteNode,
  }),
];
