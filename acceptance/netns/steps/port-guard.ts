import { countRepairs, untilRepaired } from '../agent-metrics.ts';
import { requestEach, requestTo, sendFromNodeAndPod, withHijacker } from '../hijacker-pod.ts';
import { sendFrom } from '../send-from-pod.ts';
import type { AttachedPod } from '../pods.ts';
import { HIJACKED, portmapRules, serviceRules } from '../portmap.ts';
import { addRules } from '../rules.ts';
import { inMode } from '../step.ts';
import { expectNoProblems } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { PORTS, SECOND_INTERFACE } from '../../network/addresses.ts';

const AGENT_PORTS = [PORTS.agent, PORTS.agentOps, 9622];
/** A hostPort that the agent does not use. */
const POD_PORT = 9623;
/** A ClusterIP outside the node's networks. */
const SERVICE = '198.18.20.9';
/** Long enough for the guard to be repaired with either backend. Milliseconds. */
const KEPT = { pauseMs: 16_000, silenceMs: 1_500 };

/** A Pod that uses the agent's ports as `hostPort`s receives nothing that is meant for the agent. */
export const portGuardSteps = inMode('up with other tools', [
  {
    title:
      'A Pod with hostPorts 8181, 9621 and 9622 receives nothing that is sent to the agent, and still receives traffic for its own ports',
    run: (world) => withHijacker(world, addRulesBelow),
  },
  {
    title:
      'If the rules of a Pod with hostPorts 8181, 9621 and 9622 are inserted above ours, ours move above them, which is counted, and the hijacked connections end',
    run: (world) => withHijacker(world, addRulesAbove),
  },
]);

const agentRequests = AGENT_PORTS.flatMap((port) => requestEach('for the agent', port));

async function addRulesBelow(world: NetnsWorld, { pod }: AttachedPod): Promise<string> {
  await addRules(
    world.node,
    world.backend,
    portmapRules({ pod: pod.addresses, ports: [...AGENT_PORTS, POD_PORT], id: 'BELOW', position: 'last' }),
  );
  const service = { pod: pod.addresses, address: SERVICE, port: PORTS.agentOps };
  await addRules(world.node, world.backend, serviceRules(service));
  const { hijacked, asked } = await sendFromNodeAndPod(world, agentRequests);
  expectNoProblems(hijacked);
  const others = [
    ...requestEach("the Pod's port", POD_PORT),
    requestTo("the node's second address", SECOND_INTERFACE.node, PORTS.agentOps),
    requestTo('a Service', SERVICE, PORTS.agentOps),
  ];
  const toPod = await sendFromNodeAndPod(world, others);
  if (toPod.hijacked.length < toPod.asked)
    throw new Error(`the Pod receives only ${toPod.hijacked.join('; ')}`);
  return `${asked} paths to the agent, ${toPod.asked} to the Pod`;
}

async function addRulesAbove(world: NetnsWorld, { pod }: AttachedPod): Promise<string> {
  const before = await countRepairs(world, 'ports');
  const { taken, keeping } = await world.state.whileSuspended('reconcile', async () => {
    await addRules(
      world.node,
      world.backend,
      portmapRules({ pod: pod.addresses, ports: AGENT_PORTS, id: 'ABOVE', position: 'first' }),
    );
    const hijacked = await sendFromNodeAndPod(world, agentRequests);
    const resent = sendFrom(world.node, { kind: 'resend', requests: requestEach('kept', 9622), ...KEPT });
    resent.catch(() => undefined); // awaited below
    // By then each has been answered for the first time.
    await new Promise((resolve) => setTimeout(resolve, KEPT.silenceMs));
    return { taken: hijacked, keeping: { resent } };
  });
  if (taken.hijacked.length < taken.asked)
    throw new Error(`proves nothing: the Pod receives only ${taken.hijacked.join('; ')}`);
  const repairedMs = await untilRepaired(world, 'ports', before);
  expectNoProblems((await sendFromNodeAndPod(world, agentRequests)).hijacked);
  const kept = await keeping.resent;
  expectNoProblems(
    kept.filter(({ end }) => end === 'unanswered').map(({ name }) => `proves nothing: ${name} got no answer`),
  );
  expectNoProblems(
    kept.filter(({ text }) => text.includes(HIJACKED)).map(({ name }) => `${name} still reaches the Pod`),
  );
  return `${taken.asked} paths hijacked before, repaired after ${repairedMs} ms`;
}
