import { eventually } from '@rolegate/testing';
import { countRepairs, untilRepaired } from '../agent-metrics.ts';
import {
  askEndpoint,
  ENDPOINT,
  endpointRequests,
  expectNoAnswer,
  unanswered,
  untilAnswered,
  untilClosed,
} from '../endpoint.ts';
import { iptables } from '../rules.ts';
import { inMode } from '../step.ts';
import { httpRequest } from '../pod-tasks.ts';
import type { PodRequest } from '../pod-tasks.ts';
import { checkEachPod, expectNoProblems, podNamed, shorten } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { NODE, OTHER_NODE, PORTS, SECOND_INTERFACE } from '../../network/addresses.ts';

const INPUT_CHAIN = 'ROLEGATE-CREDENTIALS-INPUT';
/** The ends of a VXLAN between the nodes. */
const OVERLAY = { node: '198.18.30.1', otherNode: '198.18.30.2' };
const OVERLAY_DEVICE = 'vx0';
const SOON = { withinMs: 15_000, everyMs: 100 };
const toOpsPort: PodRequest = {
  name: 'the ops port',
  host: '127.0.0.1',
  port: PORTS.agentOps,
  bytes: httpRequest({ target: '/livez', host: 'node' }),
};

/** Who reaches the endpoint for container credentials. The node checks reverse paths strictly. */
export const endpointPathSteps = inMode('container credentials', [
  {
    title:
      'Every Pod, and the node itself, reaches the endpoint for container credentials while other tools drop all TCP to the node',
    run: reachFromNode,
  },
  {
    title:
      'Another node reaches the endpoint for container credentials by no uplink, and would without our rules',
    run: reachFromOutside,
  },
  {
    title:
      'A stolen ServiceAccount token gets no credentials for another Pod or for a node that comes by an overlay, which the kernel drops once a default route leads there',
    run: stealToken,
  },
]);

/** The other tools: Calico drops what Pods send to their node, and another one all new connections. */
async function reachFromNode(world: NetnsWorld): Promise<string> {
  const { node, backend, pods } = world;
  const rule = 'INPUT -p tcp -m conntrack --ctstate NEW -j DROP'.split(' ');
  await untilAnswered(node);
  await iptables(node, backend, ['-A', ...rule]);
  try {
    expectNoProblems([
      ...(await checkEachPod(world, ({ enter }) => unanswered(enter))),
      ...(await unanswered(node)).map((problem) => `the node: ${problem}`),
    ]);
    const [ops] = await askEndpoint(node, [toOpsPort]);
    if (ops?.end !== 'silent') throw new Error('proves nothing: other connections are not dropped');
  } finally {
    await iptables(node, backend, ['-D', ...rule]);
  }
  return `${pods.length} Pods`;
}

async function reachFromOutside(world: NetnsWorld): Promise<string | undefined> {
  const { namespaces, node, backend } = world;
  const [otherNode, cloud] = [namespaces.enter('other-node'), namespaces.enter('cloud')];
  await namespaces.ip('other-node', [
    `route add ${ENDPOINT.ipv4} via ${NODE.ipv4}`,
    `route add ${ENDPOINT.ipv6} via ${NODE.ipv6}`,
  ]);
  await namespaces.ip('cloud', [
    `route add ${ENDPOINT.ipv4} via ${SECOND_INTERFACE.node}`,
    `route add ${ENDPOINT.ipv6} via ${NODE.ipv6}`,
  ]);
  await untilAnswered(node);
  const expectClosed = () =>
    Promise.all([expectNoAnswer('another node', otherNode), expectNoAnswer('the second uplink', cloud)]);
  await expectClosed();
  // The legacy backend takes up to 10 s to repair.
  if (backend === 'legacy') return undefined;
  const before = await countRepairs(world, 'input');
  await world.state.whileSuspended('reconcile', async () => {
    await iptables(node, backend, ['-F', INPUT_CHAIN]);
    const problems = await Promise.all([unanswered(otherNode), unanswered(cloud)]);
    expectNoProblems(problems.flat().map((problem) => `proves nothing: without our rules, ${problem}`));
  });
  const repairedMs = await untilRepaired(world, 'input', before);
  await expectClosed();
  return `repaired after ${repairedMs} ms`;
}

/** Until a default route leads there, only the agent can tell that the source is no Pod of its node. */
async function stealToken(world: NetnsWorld): Promise<string> {
  const { namespaces } = world;
  const [owner, thief] = [podNamed(world, 'permitted'), podNamed(world, 'permitted-bridge')];
  const withToken = endpointRequests({ token: await world.cluster.token(owner.pod) });
  await eventually(() => expectStatus(owner.enter, withToken, /^200 .*"AccessKeyId"/s), SOON);
  await expectStatus(thief.enter, withToken, /^401 .*"TokenForeign"/s);
  const otherNode = namespaces.enter('other-node');
  const overlay = (local: string, remote: string, address: string) => [
    `link add ${OVERLAY_DEVICE} type vxlan id 7 dstport 4789 local ${local} remote ${remote} dev eth0`,
    `addr add ${address}/24 dev ${OVERLAY_DEVICE}`,
    `link set ${OVERLAY_DEVICE} up`,
  ];
  await namespaces.ip('node', overlay(NODE.ipv4, OTHER_NODE.ipv4, OVERLAY.node));
  try {
    await namespaces.ip('other-node', [
      ...overlay(OTHER_NODE.ipv4, NODE.ipv4, OVERLAY.otherNode),
      `route replace ${ENDPOINT.ipv4} via ${OVERLAY.node}`,
    ]);
    const byOverlay = withToken.filter(({ host }) => host === ENDPOINT.ipv4);
    // Held, because nobody is known to own the address.
    await eventually(() => expectStatus(otherNode, byOverlay, /^503 .*"HeldTimeout"/s), SOON);
    await namespaces.ip('node', [`route add default via ${OVERLAY.otherNode} dev ${OVERLAY_DEVICE} table 9`]);
    const startMs = Date.now();
    await untilClosed('another node', otherNode);
    return `closed after ${Date.now() - startMs} ms`;
  } finally {
    await namespaces.ip('node', [`link del ${OVERLAY_DEVICE}`]);
  }
}

/** Throws if an answer, from its status on, is not as expected. Tokens are not shown. */
async function expectStatus(
  through: readonly string[],
  requests: readonly PodRequest[],
  expected: RegExp,
): Promise<void> {
  const answers = await askEndpoint(through, requests);
  expectNoProblems(
    answers
      .filter(({ text }) => !expected.test(text.replace('HTTP/1.1 ', '')))
      .map(({ name, text, end }) => `${name}: ${end} ${shorten(text)}`),
  );
}
