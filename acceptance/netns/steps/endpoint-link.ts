import { fileURLToPath } from 'node:url';
import { outputOf, runCommand } from '@rolegate/testing';
import { countRepairs, untilRepaired } from '../agent-metrics.ts';
import {
  askEndpoint,
  ENDPOINT,
  endpointParts,
  endpointRequests,
  LINK,
  unanswered,
  untilAnswered,
  withOtherListener,
} from '../endpoint.ts';
import { families } from '../send-from-pod.ts';
import type { Family } from '../send-from-pod.ts';
import { snapshotDifference, takeSnapshot } from '../rules.ts';
import { inMode, withNft } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { expectNoProblems, podNamed } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { NODE } from '../../network/addresses.ts';

/** As the agent of EKS Pod Identity calls its link, and its port. */
const OTHER_LINK = 'pod-id-link0';
const OTHER_PORT = 80;
/** EHOSTUNREACH is ICMP's "communication administratively prohibited". */
const REFUSED = ['EACCES', 'EHOSTUNREACH'];

/** A Pod learns only from a repeated SYN that IPv6 is prohibited. Milliseconds. */
const UNTIL_REFUSED_MS = 3_000;

interface Loss {
  readonly name: string;
  readonly lines: readonly string[];
  readonly families: readonly Family[];
}

const losses: readonly Loss[] = [
  { name: 'is deleted', lines: [`link del ${LINK}`], families },
  // The IPv4 address of a link that is down is still one of the node's.
  { name: 'goes down', lines: [`link set ${LINK} down`], families: ['ipv6'] },
  {
    name: 'loses its addresses',
    lines: [`addr del ${ENDPOINT.ipv4}/32 dev ${LINK}`, `addr del ${ENDPOINT.ipv6}/128 dev ${LINK}`],
    families,
  },
];

const lossStep = (loss: Loss): NetnsStep => ({
  title: `If the link for container credentials ${loss.name}, nothing leaves the node until it is repaired, and the repair is counted`,
  run: (world) => loseLink(world, loss),
});

/** The link for container credentials on the node, which does not depend on the backend. */
export const endpointLinkSteps = withNft([
  ...inMode('container credentials', [
    ...losses.map(lossStep),
    {
      title:
        "Container credentials and another agent's link with the same addresses and port 80 work side by side",
      run: (world) => withOtherListener(world, OTHER_PORT, besideAnotherLink),
    },
  ]),
  { title: 'A node without IPv6 has container credentials by IPv4 only', run: installWithoutIpv6 },
]);

/** How container credentials end. */
export const endpointEndSteps = inMode('other tools only', [
  {
    title: 'Turning container credentials off, and uninstall, remove their link and rules and nothing else',
    async run(world) {
      await turnOff(world);
      await uninstall(world);
    },
  },
]);

async function loseLink(world: NetnsWorld, { lines, families: lost }: Loss): Promise<string> {
  const pod = podNamed(world, 'permitted').enter;
  await untilAnswered(pod);
  const before = await countRepairs(world, 'link');
  const requests = endpointRequests().filter(({ host }) => lost.some((family) => host === ENDPOINT[family]));
  await world.state.whileSuspended('reconcile', async () => {
    await world.namespaces.ip('node', lines);
    for (const [who, enter] of [
      ['a Pod', pod],
      ['the node', world.node],
    ] as const) {
      const answers = await askEndpoint(enter, requests, UNTIL_REFUSED_MS);
      const open = answers.filter(({ text, end }) => text !== '' || !REFUSED.includes(end));
      expectNoProblems(open.map(({ name, end }) => `${who} is not refused: ${name}: ${end}`));
    }
  });
  const repairedMs = await untilRepaired(world, 'link', before);
  await untilAnswered(pod);
  return `repaired after ${repairedMs} ms`;
}

async function besideAnotherLink(world: NetnsWorld): Promise<void> {
  const { namespaces, node } = world;
  const pod = podNamed(world, 'permitted-bridge').enter;
  const both = [...endpointRequests(), ...endpointRequests({ port: OTHER_PORT })];
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
  await install(world);
  await intercept(world);
  expectNoProblems(await endpointParts(world));
}

async function uninstall(world: NetnsWorld): Promise<void> {
  await install(world);
  await world.state.once('uninstall');
  expectNoProblems(await endpointParts(world));
  const difference = snapshotDifference(world.others.snapshots().before, await takeSnapshot(world.node));
  if (difference !== '') throw new Error(`rules differ from before: ${difference}`);
}

async function install(world: NetnsWorld): Promise<void> {
  await intercept(world, '--container-credentials');
  const parts = await endpointParts(world);
  for (const part of [LINK, 'prohibit', 'CREDENTIALS-INPUT', 'CREDENTIALS-PORTS'])
    if (!parts.some((line) => line.includes(part)))
      throw new Error(`${part} is missing: ${parts.join('; ')}`);
}

async function intercept({ programs }: NetnsWorld, ...flags: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await programs.once('intercept', ['--self-test', 'off', ...flags]);
  if (code !== 0) throw new Error(`intercept exited with ${String(code)}: ${stdout}${stderr}`);
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
