import { fileURLToPath } from 'node:url';
import { eventually, outputOf, runCommand } from '@rolegate/testing';
import { countRepairs, untilRepaired } from '../agent-metrics.ts';
import {
  askEndpoint,
  ENDPOINT,
  endpointParts,
  endpointRequests,
  LINK,
  unanswered,
  untilAnswered,
  withListener,
} from '../endpoint.ts';
import { snapshotDifference, takeSnapshot } from '../rules.ts';
import { inMode, withNft } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { expectNoProblems, podNamed } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { NODE } from '../../network/addresses.ts';

/** As the agent of EKS Pod Identity calls its link, and its port. */
const OTHER_LINK = 'pod-id-link0';
const OTHER_PORT = 80;
const SOON = { withinMs: 15_000, everyMs: 100 };

interface Loss {
  readonly name: string;
  readonly lines: readonly string[];
}

const losses: readonly Loss[] = [
  { name: 'is deleted', lines: [`link del ${LINK}`] },
  { name: 'goes down', lines: [`link set ${LINK} down`] },
  {
    name: 'loses its addresses',
    lines: [`addr del ${ENDPOINT.ipv4}/32 dev ${LINK}`, `addr del ${ENDPOINT.ipv6}/128 dev ${LINK}`],
  },
];

function lossStep({ name, lines }: Loss): NetnsStep {
  return {
    title: `If the link for container credentials ${name}, nothing leaves the node until it is repaired, and the repair is counted`,
    run: (world) => withListener(world, (entered) => loseLink(entered, lines)),
  };
}

/** The link for container credentials on the node. */
export const endpointLinkSteps: readonly NetnsStep[] = [
  ...inMode('container credentials', [
    ...losses.map(lossStep),
    {
      title:
        "Container credentials and another agent's link with the same addresses and port 80 work side by side",
      run: (world) => withListener(world, (one) => withListener(one, besideAnotherLink, OTHER_PORT)),
    },
    { title: 'Turning container credentials off removes their link and rules', run: turnOff },
    { title: 'Uninstall removes the link and the rules for container credentials', run: uninstall },
  ]),
  ...withNft([
    { title: 'A node without IPv6 has container credentials by IPv4 only', run: installWithoutIpv6 },
  ]),
];

async function loseLink(world: NetnsWorld, lines: readonly string[]): Promise<string> {
  const pod = podNamed(world, 'permitted').enter;
  await untilAnswered(pod);
  const before = await countRepairs(world, 'link');
  await world.state.whileSuspended('reconcile', async () => {
    await world.namespaces.ip('node', lines);
    for (const [who, enter] of [
      ['a Pod', pod],
      ['the node', world.node],
    ] as const) {
      const answers = await askEndpoint(enter);
      const prohibited = answers.filter(
        ({ text, end }) => text === '' && ['EACCES', 'EHOSTUNREACH'].includes(end),
      );
      if (prohibited.length < answers.length)
        throw new Error(
          `${who} is not refused: ${answers.map(({ name, end }) => `${name}: ${end}`).join('; ')}`,
        );
    }
  });
  const repairedMs = await untilRepaired(world, 'link', before);
  await untilAnswered(pod);
  return `repaired after ${repairedMs} ms`;
}

async function besideAnotherLink(world: NetnsWorld): Promise<undefined> {
  const { namespaces, node } = world;
  const pod = podNamed(world, 'permitted-bridge').enter;
  const atOther = endpointRequests.map((request) => ({ ...request, port: OTHER_PORT }));
  const both = [...endpointRequests, ...atOther];
  await untilAnswered(node);
  const before = await countRepairs(world, 'link');
  await namespaces.ip('node', [
    `link add ${OTHER_LINK} type bridge`,
    `addr add ${ENDPOINT.ipv4}/32 dev ${OTHER_LINK}`,
    `addr add ${ENDPOINT.ipv6}/128 dev ${OTHER_LINK} nodad`,
    `link set ${OTHER_LINK} up`,
  ]);
  try {
    expectNoProblems([...(await unanswered(pod, both)), ...(await unanswered(node, both))]);
    // That agent removes its address again unless the only such route is its own.
    const route = await outputOf([...node, 'ip', '-6', 'route', 'show', ENDPOINT.ipv6]);
    if (!route.includes(OTHER_LINK) || route.includes(LINK)) throw new Error(`the IPv6 route is ${route}`);
  } finally {
    await namespaces.ip('node', [`link del ${OTHER_LINK}`]);
  }
  expectNoProblems([...(await unanswered(pod, both)), ...(await unanswered(node, both))]);
  const repairs = (await countRepairs(world, 'link')) - before;
  if (repairs !== 0) throw new Error(`${repairs} repairs were counted`);
}

async function turnOff(world: NetnsWorld): Promise<void> {
  await untilInstalled(world);
  await world.state.bring('up with other tools');
  await eventually(async () => {
    expectNoProblems(await endpointParts(world));
  }, SOON);
}

async function uninstall(world: NetnsWorld): Promise<void> {
  await untilInstalled(world);
  await world.state.stopAll();
  await untilInstalled(world);
  await world.state.once('uninstall');
  expectNoProblems(await endpointParts(world));
  const difference = snapshotDifference(world.others.snapshots().before, await takeSnapshot(world.node));
  if (difference !== '') throw new Error(`rules differ from before: ${difference}`);
}

/** The link is installed last. */
async function untilInstalled(world: NetnsWorld): Promise<void> {
  await eventually(async () => {
    const parts = await endpointParts(world);
    if (!parts.some((line) => line.startsWith(LINK))) throw new Error(`installed: ${parts.join('; ')}`);
  }, SOON);
}

async function installWithoutIpv6({ namespaces }: NetnsWorld): Promise<void> {
  const name = 'no-ipv6';
  await namespaces.make(name);
  try {
    await namespaces.sysctl(name, { 'ipv6/conf/all/disable_ipv6': 1, 'ipv6/conf/default/disable_ipv6': 1 });
    const enter = namespaces.enter(name);
    const main = fileURLToPath(import.meta.resolve('@rolegate/agent/main'));
    const flags = ['--host-ip', NODE.ipv4, '--container-credentials', '--self-test', 'off'];
    await outputOf([...enter, process.execPath, main, 'intercept', ...flags]);
    const addresses = await outputOf([...enter, 'ip', '-brief', 'address', 'show', 'dev', LINK]);
    if (!addresses.includes(`${ENDPOINT.ipv4}/32`) || addresses.includes(':'))
      throw new Error(`the link has ${addresses}`);
    await outputOf([...enter, process.execPath, main, 'uninstall']);
    const { code } = await runCommand([...enter, 'ip', 'link', 'show', 'dev', LINK]);
    if (code === 0) throw new Error('uninstall left the link');
  } finally {
    await namespaces.remove(name);
  }
}
