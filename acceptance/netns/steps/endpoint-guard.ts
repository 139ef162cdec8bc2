import { countRepairs, untilRepaired } from '../agent-metrics.ts';
import { ENDPOINT, ENDPOINT_PORT, untilAnswered } from '../endpoint.ts';
import { requestEach, requestTo, sendFromNodeAndPod, withHijacker } from '../hijacker-pod.ts';
import type { AttachedPod } from '../pods.ts';
import { portmapRules, serviceRules } from '../portmap.ts';
import { addRules } from '../rules.ts';
import { inMode } from '../step.ts';
import { expectNoProblems } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';

/** A hostPort that the agent does not use. */
const POD_PORT = 9623;

const atEndpoint = (name: string, port: number) =>
  [ENDPOINT.ipv4, ENDPOINT.ipv6].map((address) => requestTo(name, address, port));
const forEndpoint = [
  ...atEndpoint('for the endpoint', ENDPOINT_PORT),
  ...requestEach('for the endpoint', ENDPOINT_PORT),
];

/** The addresses are local, so a `hostPort` takes what is sent to them, ServiceAccount tokens included. */
export const endpointGuardSteps = inMode('container credentials', [
  {
    title:
      'A Pod with hostPort 8182, and a Service with the external IP 169.254.170.23, receive nothing that is sent to the endpoint for container credentials, and rules of theirs that are inserted above ours end up below',
    run: (world) => withHijacker(world, addAllRules),
  },
]);

async function addAllRules(world: NetnsWorld, pod: AttachedPod): Promise<string> {
  const below = await addRulesBelow(world, pod);
  // The legacy backend takes up to 10 s to repair, which the steps of the agent's other ports show.
  return world.backend === 'nft' ? `${below}; ${await addRulesAbove(world, pod)}` : below;
}

async function addRulesBelow(world: NetnsWorld, { pod }: AttachedPod): Promise<string> {
  await untilAnswered(world.node);
  const ports = [ENDPOINT_PORT, POD_PORT];
  const hostPorts = portmapRules({ pod: pod.addresses, ports, id: 'BELOW', position: 'last' });
  await addRules(world.node, world.backend, hostPorts);
  const service = { pod: pod.addresses, address: ENDPOINT.ipv4, port: ENDPOINT_PORT };
  await addRules(world.node, world.backend, serviceRules(service));
  const { hijacked, asked } = await sendFromNodeAndPod(world, forEndpoint);
  expectNoProblems(hijacked);
  const toPod = await sendFromNodeAndPod(world, atEndpoint("the Pod's port", POD_PORT));
  if (toPod.hijacked.length < toPod.asked)
    throw new Error(`proves nothing: the Pod receives only ${toPod.hijacked.join('; ')}`);
  return `${asked} paths to the endpoint, ${toPod.asked} to the Pod`;
}

async function addRulesAbove(world: NetnsWorld, { pod }: AttachedPod): Promise<string> {
  const before = await countRepairs(world, 'ports');
  const taken = await world.state.whileSuspended('reconcile', async () => {
    const ports = [ENDPOINT_PORT];
    const hostPorts = portmapRules({ pod: pod.addresses, ports, id: 'ABOVE', position: 'first' });
    await addRules(world.node, world.backend, hostPorts);
    return sendFromNodeAndPod(world, forEndpoint);
  });
  if (taken.hijacked.length < taken.asked)
    throw new Error(`proves nothing: the Pod receives only ${taken.hijacked.join('; ')}`);
  const repairedMs = await untilRepaired(world, 'ports', before);
  expectNoProblems((await sendFromNodeAndPod(world, forEndpoint)).hijacked);
  return `${taken.asked} paths hijacked before, repaired after ${repairedMs} ms`;
}
