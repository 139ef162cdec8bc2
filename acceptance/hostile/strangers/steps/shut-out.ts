import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AttackReport } from '../../watch/observations.ts';
import type { AgentAction } from '../calls.ts';
import { strangersStep } from '../step.ts';
import type { StrangersWorld, StrangersStep } from '../step.ts';
import { STRANGERS_ADDRESS } from '../world/agent-nodes.ts';

/** DESIGN.md 4.6 allows a minute, but the watch reports deletions immediately. Milliseconds. */
const OUT_WITHIN_MS = 5_000;
const ACTIONS: readonly AgentAction[] = ['attest', 'renew', 'open a stream'];

type Attacker = StrangersWorld['stolen'];

function attemptOf({ agents }: StrangersWorld, action: AgentAction, { agentToken, identity }: Attacker) {
  return { action, ports: agents.ports(), agentToken, identity };
}

/** Actions that succeed although they must not. */
async function openedFor(world: StrangersWorld, attacker: Attacker, actions = ACTIONS): Promise<string[]> {
  const problems: string[] = [];
  for (const action of actions) {
    const { failure } = await world.agents.call.attempt(attemptOf(world, action, attacker));
    if (failure === '') problems.push(`the shut-out attacker can ${action}`);
  }
  return problems;
}

/** Keeps a stream open while `out` shuts the node out, and tries all actions afterwards. */
async function shutOut(
  world: StrangersWorld,
  attacker: Attacker,
  out: () => Promise<unknown>,
): Promise<AttackReport> {
  const { call } = world.agents;
  await call.hold(attemptOf(world, 'open a stream', attacker));
  await out();
  const startMs = performance.now();
  const why = await call.held(OUT_WITHIN_MS);
  const took = `${Math.round(performance.now() - startMs)} ms`;
  const problems = why === '' ? [`the shut-out attacker's stream is still open after ${took}`] : [];
  return {
    summary: `the stream ended after ${took}: ${why}`,
    problems: problems.concat(await openedFor(world, attacker)),
  };
}

async function deleteAgentPod(world: StrangersWorld): Promise<AttackReport> {
  const node = { name: 'rolled-out', address: STRANGERS_ADDRESS };
  const former = await world.agents.steal(node);
  const report = await shutOut(world, former, () =>
    world.standIn.remove({ kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${node.name}` }),
  );
  const agentToken = await world.agents.addPod(node, `agent-${node.name}-next`);
  // Lets the server learn of the Pod.
  await sleep(200);
  const startMs = performance.now();
  const order = attemptOf(world, 'attest', { agentToken, identity: former.identity });
  const { failure } = await world.agents.call.attempt(order);
  const took = `${Math.round(performance.now() - startMs)} ms`;
  return {
    summary: `${report.summary}; the next Pod attested after ${took}`,
    problems: (report.problems ?? []).concat(failure === '' ? [] : `the next Pod is refused: ${failure}`),
  };
}

async function deleteNode(world: StrangersWorld): Promise<AttackReport> {
  const name = 'shut-out';
  const node = { name, address: STRANGERS_ADDRESS };
  const attacker = await world.agents.steal(node);
  const report = await shutOut(world, attacker, async () => {
    await world.standIn.remove({ kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${name}` });
    await world.standIn.remove({ kind: 'Node', name });
  });
  await world.standIn.apply({ kind: 'Node', metadata: { name } });
  await sleep(500);
  const again = (await openedFor(world, attacker)).map((problem) => `${problem} after recreating the Node`);
  return { summary: report.summary, problems: (report.problems ?? []).concat(again) };
}

export const shutOutSteps: readonly StrangersStep[] = [
  strangersStep({
    title: 'A deleted agent Pod loses its stream and certificate, and the next Pod attests immediately',
    run: deleteAgentPod,
  }),
  strangersStep({
    title:
      'Deleting a Node and its Pods ends its stream, renewal and attestation, and recreating the Node restores none of them',
    run: deleteNode,
  }),
];
