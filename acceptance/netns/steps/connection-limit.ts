import { eventually, outputOf } from '@rolegate/testing';
import { readAgentMetrics, repairsOf } from '../agent-metrics.ts';
import { crowdFrom, families, hammerFrom, PATHS, sendFrom, sentTo } from '../asking.ts';
import type { Family } from '../asking.ts';
import { httpRequest } from '../pod-orders.ts';
import type { AttachedPod } from '../pods.ts';
import { inputRules, iptables, refusedBy } from '../rules.ts';
import { inMode } from '../step.ts';
import { floodFrom } from '../syn-flood.ts';
import { expectNone, faultsOfEach, podNamed } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';

/** At once, and each second (DESIGN.md 4.11). */
const BURST = 512;
const PER_SECOND = 200;
const CROWD = 1_500;
/** Seconds that a busy machine may take to open them. */
const SLOWNESS = 3;
/** Before a refused connection is tried again by the kernel. Milliseconds. */
const BEFORE_RETRY_MS = 700;
/** The connection that the Pod keeps is used again in the midst of it. Milliseconds. */
const FLOOD_MS = 3_000;
const KEPT = { pauseMs: 1_000, silenceMs: 800 };
/** By then a table without a bound is full. Milliseconds. */
const MIDST_MS = 1_700;
const SPOOFED = { from: '198.18.128.0', addresses: 70_000, packets: 100_000, forMs: 10_000 };
const REPAIRED = { withinMs: 40_000, everyMs: 200 };
const SOON = { withinMs: 15_000, everyMs: 100 };

const ask = (connection: 'close' | 'keep-alive') =>
  sentTo('ipv4', 'the list', httpRequest({ target: PATHS[0], host: '169.254.169.254', connection }));

/** New connections of an address are bounded in the kernel, and nobody else's are. */
export const connectionLimitSteps = inMode('up', [
  {
    title: `${BURST} connections that a Pod opens at once, by each family, all come to be, and of more only as many as are allowed`,
    run: openCrowds,
  },
  {
    title:
      'a Pod that floods is refused new connections, which is logged; its open connection and another Pod go on',
    run: floodFromOne,
  },
  {
    title: `a Pod that begins connections from ${SPOOFED.addresses} addresses keeps no other Pod out`,
    run: floodFromMany,
  },
  {
    title: 'somebody changes the limit and removes a part of it: it is repaired, counted, and in force',
    run: changeLimit,
  },
]);

async function openCrowds(world: NetnsWorld): Promise<string> {
  const pod = await newPod(world, 'crowd');
  const more = await newPod(world, 'crowd-of-more');
  try {
    const outcomes = await Promise.all(
      families.map(async (family) => {
        await expectCrowd(world, pod, family);
        const opened = await crowdFrom(more.enter, { family, count: CROWD, withinMs: BEFORE_RETRY_MS });
        const most = BURST + PER_SECOND * SLOWNESS;
        if (opened > most || (await refusedBy(world, family)) < CROWD - most)
          throw new Error(`${opened} of ${CROWD} connections are not refused by ${family}`);
        return `${opened} of ${CROWD} by ${family}`;
      }),
    );
    return outcomes.join(', ');
  } finally {
    await pod.detach();
    await more.detach();
  }
}

/** All come to be, and none is dropped on its way by us. */
async function expectCrowd(world: NetnsWorld, { enter }: AttachedPod, family: Family): Promise<void> {
  const before = await refusedBy(world, family);
  const opened = await crowdFrom(enter, { family, count: BURST, withinMs: 5_000 });
  const refused = (await refusedBy(world, family)) - before;
  if (opened !== BURST || refused !== 0)
    throw new Error(`${opened} of ${BURST} by ${family} came to be, ${refused} were refused`);
}

async function floodFromOne(world: NetnsWorld): Promise<string> {
  const [limited, other] = [podNamed(world, 'permitted-eni'), podNamed(world, 'permitted-bridge')];
  const before = await refusedBy(world, 'ipv4');
  const keeping = sendFrom(limited.enter, {
    kind: 'kept',
    sent: [ask('keep-alive')],
    ...KEPT,
  });
  await eventually(async () => {
    const open = await outputOf([...limited.enter, ...'ss -Htn state established'.split(' '), 'dport = :80']);
    if (open === '') throw new Error('the connection that is to be kept is not open');
  }, SOON);
  const [asked, sent] = await Promise.all([
    askOften(other, FLOOD_MS),
    floodFrom(limited.enter, world.python, {
      from: limited.pod.addresses.ipv4,
      addresses: 1,
      packets: 1_000_000,
      forMs: FLOOD_MS,
    }),
  ]);
  expectNone((await keeping).flatMap(({ text, end }) => (text === '' ? [`its connection: ${end}`] : [])));
  const refused = (await refusedBy(world, 'ipv4')) - before;
  // What it may open in the time, and as much again for a slow machine.
  if (refused < sent - 2 * (BURST + (PER_SECOND * FLOOD_MS) / 1000))
    throw new Error(`${refused} of ${sent} refused`);
  await expectTold(world);
  return `${refused} of ${sent} refused, the other Pod asked ${asked} times`;
}

/** Once a storm, which the crowds before may have begun. A look is made on an event. */
async function expectTold({ node, lines }: NetnsWorld): Promise<void> {
  for (const verb of ['add', 'del'])
    await outputOf([...node, ...`ip rule ${verb} priority 903 to 198.18.11.0/24 lookup main`.split(' ')]);
  await eventually(() => {
    if (!lines.some(({ line }) => line.includes('"connection limit exceeded"')))
      throw new Error('reconcile does not tell that new connections were refused');
  }, SOON);
}

/**
 * Behind a bridge, and with a kernel that does not ask where an address should come from. The others have opened nothing for a
 * while: whom the kernel counts already, it would go on counting.
 */
async function floodFromMany(world: NetnsWorld): Promise<string> {
  const attacker = podNamed(world, 'permitted-bridge').enter;
  await world.namespaces.sysctl('node', { 'ipv4/conf/all/rp_filter': 2 });
  try {
    const flooding = floodFrom(attacker, world.python, SPOOFED);
    await new Promise((resolve) => setTimeout(resolve, MIDST_MS));
    const faults = await faultsOfEach(world, async ({ enter }) => {
      const opened = await crowdFrom(enter, { family: 'ipv4', count: 1, withinMs: BEFORE_RETRY_MS });
      return opened === 1 ? [] : ['its first connection for a while does not come to be'];
    });
    const sent = await flooding;
    expectNone(faults);
    if (sent < SPOOFED.addresses) throw new Error(`proves nothing: only ${sent} addresses in the time`);
    return `${sent} begun`;
  } finally {
    await world.namespaces.sysctl('node', { 'ipv4/conf/all/rp_filter': 1 });
  }
}

/** Below its own limit. Throws if a request has no answer of the agent. */
async function askOften({ enter }: AttachedPod, forMs: number): Promise<number> {
  const order = { sent: [ask('close')], atOnce: 1, forMs, pauseMs: 10, forbidden: [] };
  const { asked, ends } = await hammerFrom(enter, order);
  const failed = Object.entries(ends).filter(([end]) => end !== '200');
  expectNone(failed.map(([end, count]) => `the other Pod: ${end} ${count} times of ${asked}`));
  return asked;
}

async function changeLimit(world: NetnsWorld): Promise<string> {
  const before = await plainRules(world);
  const repairs = (await readAgentMetrics(world.programs)).get(repairsOf('input')) ?? 0;
  const { pid } = world.state.running('reconcile');
  process.kill(pid, 'SIGSTOP');
  try {
    await lowerLimit(world);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const sinceMs = Date.now();
  await eventually(async () => {
    const now = (await readAgentMetrics(world.programs)).get(repairsOf('input')) ?? 0;
    if (now <= repairs) throw new Error(`${repairsOf('input')} is ${now} as before`);
  }, REPAIRED);
  const repairedMs = Date.now() - sinceMs;
  if ((await plainRules(world)) !== before) throw new Error('the rules are not as before');
  const pod = await newPod(world, 'crowd-after');
  try {
    for (const family of families) await expectCrowd(world, pod, family);
  } finally {
    await pod.detach();
  }
  return `repaired after ${repairedMs} ms`;
}

/** The second rule with another number under the same name, in both families; and without the first. */
async function lowerLimit({ node, backend, ...world }: NetnsWorld): Promise<void> {
  const [, second = ''] = await inputRules({ ...world, node, backend }, 'ipv4');
  const name = /--hashlimit-name (\S+)/.exec(second)?.[1] ?? '';
  const lowered =
    `-m conntrack --ctstate NEW -m hashlimit --hashlimit-above 1/sec --hashlimit-burst 5 --hashlimit-mode srcip ` +
    `--hashlimit-name ${name} -j DROP`;
  await iptables(node, backend, ['-D', 'ROLEGATE-INPUT', '1']);
  await iptables(node, backend, ['-D', 'ROLEGATE-INPUT', '1']);
  await iptables(node, backend, ['-I', 'ROLEGATE-INPUT', '1', ...lowered.split(' ')]);
}

/** Without counters, and without what is another each time. */
async function plainRules(world: NetnsWorld): Promise<string> {
  const rules = await Promise.all(families.map((family) => inputRules(world, family)));
  return rules
    .flat()
    .map((rule) => rule.replace(/^\[\d+:\d+\] /, '').replace(/(--hashlimit-name rolegate)-\d+/, '$1'))
    .join('\n');
}

/** With a full bucket of its own. Nobody knows whose its addresses are. */
function newPod({ network }: NetnsWorld, name: string): Promise<AttachedPod> {
  return network.attach({ name, shape: 'bridge', namespace: 'open', annotations: {}, listed: 'refused' });
}
