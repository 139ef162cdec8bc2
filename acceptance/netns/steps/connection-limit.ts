import { eventually, outputOf } from '@rolegate/testing';
import { countRepairs, untilRepaired } from '../agent-metrics.ts';
import { connectFrom, families, hammerFrom, PATHS, sendFrom, podRequest } from '../send-from-pod.ts';
import type { Family } from '../send-from-pod.ts';
import { httpRequest } from '../pod-tasks.ts';
import type { AttachedPod } from '../pods.ts';
import { inputRules, iptables, refusedBy } from '../rules.ts';
import { inMode } from '../step.ts';
import { floodFrom } from '../syn-flood.ts';
import { expectNoProblems, checkEachPod, podNamed } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';

/** Burst, and rate per second (DESIGN.md 4.11). */
const BURST = 512;
const PER_SECOND = 200;
const MANY = 1_500;
/** How long a busy machine may take to open them. Seconds. */
const SLOWNESS = 3;
/** Less than the kernel waits before it retries a SYN. Milliseconds. */
const BEFORE_RETRY_MS = 700;
/** The Pod reuses its open connection during the flood. Milliseconds. */
const FLOOD_MS = 3_000;
const KEPT = { pauseMs: 1_000, silenceMs: 800 };
/** By then an unbounded table would be full. Milliseconds. */
const MIDST_MS = 1_700;
const SPOOFED = { from: '198.18.128.0', addresses: 70_000, packets: 100_000, forMs: 10_000 };
const SOON = { withinMs: 15_000, everyMs: 100 };

const ask = (connection: 'close' | 'keep-alive') =>
  podRequest('ipv4', 'the list', httpRequest({ target: PATHS[0], host: '169.254.169.254', connection }));

/** The kernel limits the new connections of each address separately. */
export const connectionLimitSteps = inMode('up', [
  {
    title: `A Pod can open ${BURST} connections at the same time, by IPv4 and by IPv6, and beyond that only as many as the limit allows`,
    run: openBursts,
  },
  {
    title:
      'A Pod that floods gets no new connections, which is logged, and its open connection and other Pods keep working',
    run: floodFromOne,
  },
  {
    title: `A Pod that starts connections from ${SPOOFED.addresses} spoofed addresses does not keep other Pods from connecting`,
    run: floodFromMany,
  },
  {
    title: 'A connection limit that another program changes is repaired, counted and in force again',
    run: changeLimit,
  },
]);

async function openBursts(world: NetnsWorld): Promise<string> {
  const pod = await newPod(world, 'burst');
  const more = await newPod(world, 'many-connections');
  try {
    const outcomes = await Promise.all(
      families.map(async (family) => {
        await expectBurst(world, pod, family);
        const opened = await connectFrom(more.enter, { family, count: MANY, withinMs: BEFORE_RETRY_MS });
        const most = BURST + PER_SECOND * SLOWNESS;
        if (opened > most || (await refusedBy(world, family)) < MANY - most)
          throw new Error(`${opened} of ${MANY} connections were established by ${family}`);
        return `${opened} of ${MANY} by ${family}`;
      }),
    );
    return outcomes.join(', ');
  } finally {
    await pod.detach();
    await more.detach();
  }
}

/** All connections are established, and the limit drops none. */
async function expectBurst(world: NetnsWorld, { enter }: AttachedPod, family: Family): Promise<void> {
  const before = await refusedBy(world, family);
  const opened = await connectFrom(enter, { family, count: BURST, withinMs: 5_000 });
  const refused = (await refusedBy(world, family)) - before;
  if (opened !== BURST || refused !== 0)
    throw new Error(`${opened} of ${BURST} were established by ${family}, ${refused} were refused`);
}

async function floodFromOne(world: NetnsWorld): Promise<string> {
  const [limited, other] = [podNamed(world, 'permitted-eni'), podNamed(world, 'permitted-bridge')];
  const before = await refusedBy(world, 'ipv4');
  const keeping = sendFrom(limited.enter, {
    kind: 'resend',
    requests: [ask('keep-alive')],
    ...KEPT,
  });
  await eventually(async () => {
    const open = await outputOf([...limited.enter, ...'ss -Htn state established'.split(' '), 'dport = :80']);
    if (open === '') throw new Error('the kept connection is not open');
  }, SOON);
  const [asked, sent] = await Promise.all([
    hammerBelowLimit(other, FLOOD_MS),
    floodFrom(limited.enter, world.python, {
      from: limited.pod.addresses.ipv4,
      addresses: 1,
      packets: 1_000_000,
      forMs: FLOOD_MS,
    }),
  ]);
  expectNoProblems(
    (await keeping).flatMap(({ text, end }) => (text === '' ? [`its connection: ${end}`] : [])),
  );
  const refused = (await refusedBy(world, 'ipv4')) - before;
  // Twice what the limit allows in this time, for a slow machine.
  if (refused < sent - 2 * (BURST + (PER_SECOND * FLOOD_MS) / 1000))
    throw new Error(`${refused} of ${sent} refused`);
  await expectLogged(world);
  return `${refused} of ${sent} refused, the other Pod asked ${asked} times`;
}

/** Logged once per storm, which an earlier step may have started. A rule change makes reconcile check. */
async function expectLogged({ node, lines }: NetnsWorld): Promise<void> {
  for (const verb of ['add', 'del'])
    await outputOf([...node, ...`ip rule ${verb} priority 903 to 198.18.11.0/24 lookup main`.split(' ')]);
  await eventually(() => {
    if (!lines.some(({ line }) => line.includes('"kernel connection limit reached"')))
      throw new Error('reconcile did not log that new connections were refused');
  }, SOON);
}

/**
 * The attacker is behind a bridge, and the kernel does not check source addresses. The other Pods have opened no connection
 * for a while, so the kernel does not track their addresses yet.
 */
async function floodFromMany(world: NetnsWorld): Promise<string> {
  const attacker = podNamed(world, 'permitted-bridge').enter;
  await world.namespaces.sysctl('node', { 'ipv4/conf/all/rp_filter': 2 });
  try {
    const flooding = floodFrom(attacker, world.python, SPOOFED);
    await new Promise((resolve) => setTimeout(resolve, MIDST_MS));
    const problems = await checkEachPod(world, async ({ enter }) => {
      const opened = await connectFrom(enter, { family: 'ipv4', count: 1, withinMs: BEFORE_RETRY_MS });
      return opened === 1 ? [] : ['its first connection for a while was not established'];
    });
    const sent = await flooding;
    expectNoProblems(problems);
    if (sent < SPOOFED.addresses) throw new Error(`proves nothing: only ${sent} addresses in the time`);
    return `${sent} started`;
  } finally {
    await world.namespaces.sysctl('node', { 'ipv4/conf/all/rp_filter': 1 });
  }
}

/** Sends requests below the Pod's limit. Throws if the agent does not answer one. */
async function hammerBelowLimit({ enter }: AttachedPod, forMs: number): Promise<number> {
  const task = { requests: [ask('close')], atOnce: 1, forMs, pauseMs: 10, forbidden: [] };
  const { asked, ends } = await hammerFrom(enter, task);
  const failed = Object.entries(ends).filter(([end]) => end !== '200');
  expectNoProblems(failed.map(([end, count]) => `the other Pod: ${end} ${count} times of ${asked}`));
  return asked;
}

async function changeLimit(world: NetnsWorld): Promise<string> {
  const before = await plainRules(world);
  const repairs = await countRepairs(world, 'input');
  await world.state.whileSuspended('reconcile', () => lowerLimit(world));
  const repairedMs = await untilRepaired(world, 'input', repairs);
  if ((await plainRules(world)) !== before) throw new Error('the repaired rules differ from before');
  const pod = await newPod(world, 'burst-after');
  try {
    for (const family of families) await expectBurst(world, pod, family);
  } finally {
    await pod.detach();
  }
  return `repaired after ${repairedMs} ms`;
}

/** Removes the first rule and lowers the limit of the second under the same name, in both families. */
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

/** Without counters and the number in the hashlimit name. */
async function plainRules(world: NetnsWorld): Promise<string> {
  const rules = await Promise.all(families.map((family) => inputRules(world, family)));
  return rules
    .flat()
    .map((rule) => rule.replace(/^\[\d+:\d+\] /, '').replace(/(--hashlimit-name rolegate)-\d+/, '$1'))
    .join('\n');
}

/** A Pod that has used nothing of its limit. The agent does not know its addresses. */
function newPod({ network }: NetnsWorld, name: string): Promise<AttachedPod> {
  return network.attach({ name, shape: 'bridge', namespace: 'open', annotations: {}, listed: 'refused' });
}
