import { describeError } from '@rolegate/runtime';
import { Skipped } from '@rolegate/testing';
import { NAMESPACE } from '../installation.ts';
import { createKiller, removeKiller, signalAgentProcess } from '../node-pods.ts';
import { FAILING_ROLES, ROLE_PREFIX, SHOP } from '../plugin/fault-pods.ts';
import { expectVerdict, expectWell, findAll } from '../plugin/findings.ts';
import { createNodeFaults } from '../plugin/node-faults.ts';
import type { NodeFaults } from '../plugin/node-faults.ts';
import { CLOCK_AHEAD, EXPLAINED, PLANTED } from '../plugin/planted-faults.ts';
import { sessionOf } from '../plugin/transcripts.ts';
import { startStandIns } from '../plugin/stand-ins.ts';
import type { StandIns } from '../plugin/stand-ins.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { transcripts } from './transcripts.ts';

const ENFORCE = 'pod-security.kubernetes.io/enforce';
/** Where no container runtime keeps anything. */
const ELSEWHERE = '/var/lib/cni-elsewhere';
/** A program in a Pod is given 5 s, and doctor asks a few Pods in turn. Milliseconds. */
const HANGING_WITHIN_MS = 9_000;

/** Faults are planted on the node and in the cluster. `kubectl rolegate` names each in one line, and finds nothing once they are undone. */
export function faults(world: NodeWorld): NodeStep[] {
  const nodeFaults = createNodeFaults(world);
  let standIns: StandIns | undefined;
  const steps: NodeStep[] = [
    {
      title: 'kubectl rolegate doctor names each of eleven faults that are planted together in one line',
      async run() {
        standIns = await startStandIns(world.standIns ?? '');
        await plant(world, standIns, nodeFaults);
        world.say(`doctor finds ${PLANTED.map(({ fault }) => fault).join('; ')}`);
        await findAll(world.plugin, PLANTED);
      },
    },
    {
      title: 'kubectl rolegate explain names the missing base ARN',
      run: () =>
        expectVerdict(world.plugin, {
          fault: 'The base ARN is not detected',
          pod: `${SHOP}/cart`,
          at: 'ceiling',
          says: 'the role base ARN is not detected',
          next: 'roles.baseArn',
        }),
    },
    {
      title: 'kubectl rolegate explain names each fault of a Pod in one line, with the next step',
      async run() {
        if (standIns === undefined) throw new Error('there are no stand-ins');
        await mend(world, standIns, nodeFaults);
        const answers = await Promise.allSettled(
          EXPLAINED.map((wanted) => expectVerdict(world.plugin, wanted)),
        );
        const wrong = answers.flatMap((answer) =>
          answer.status === 'rejected' ? [describeError(answer.reason)] : [],
        );
        if (wrong.length > 0) throw new Error(wrong.join('\n'));
        for (const answer of answers) if (answer.status === 'fulfilled') world.say(answer.value);
      },
    },
    {
      title: 'kubectl rolegate doctor finds nothing once the faults are undone',
      async run() {
        await world.faultPods.removeFaulty();
        await expectWell(world.plugin);
      },
    },
    ...transcripts(world),
    unreachable(world, nodeFaults),
    hanging(world),
    {
      title: 'The charts get their usual values back',
      async run() {
        await Promise.all([nodeFaults.stop(), world.faultPods.remove(), world.installation.change()]);
        await standIns?.close();
      },
    },
  ];
  return steps.map(({ title, run }) => ({
    title,
    async run(of) {
      if (world.standIns === undefined) throw new Skipped('stand-ins have no address: see --stand-ins');
      return run(of);
    },
  }));
}

async function plant(
  { installation, kubectl, faultPods }: NodeWorld,
  { sts, imds }: StandIns,
  nodeFaults: NodeFaults,
): Promise<void> {
  sts.expireServerCredentials();
  for (const [role, fault] of Object.entries(FAILING_ROLES)) sts.fail(`${ROLE_PREFIX}${role}`, fault);
  imds.tokensRequired(false);
  await Promise.all([
    faultPods.create(),
    nodeFaults.start(),
    installation.change({
      server: { sts: { endpoint: sts.url }, roles: {} },
      agent: {
        extraArgs: { 'imds-endpoint': imds.url },
        extraEnv: [{ name: 'NODE_OPTIONS', value: CLOCK_AHEAD }],
        cni: { cacheDirs: [`${ELSEWHERE}/results`], hostPaths: [ELSEWHERE] },
      },
    }),
  ]);
  await nodeFaults.startListener();
  // From now on neither an agent nor one of these Pods could start.
  await kubectl.call(['label', 'namespace', NAMESPACE, '--overwrite', `${ENFORCE}=baseline`]);
  await nodeFaults.addKiamRule();
  await nodeFaults.flushInput();
  await nodeFaults.takeIpv6Chain();
}

async function mend(
  { installation, kubectl }: NodeWorld,
  { sts, imds }: StandIns,
  nodeFaults: NodeFaults,
): Promise<void> {
  sts.renewServerCredentials();
  imds.tokensRequired(true);
  await kubectl.call(['label', 'namespace', NAMESPACE, '--overwrite', `${ENFORCE}=privileged`]);
  await Promise.all([nodeFaults.removeKiamRule(), nodeFaults.giveIpv6ChainBack(), nodeFaults.stopListener()]);
  await installation.change({
    // Servers with the same values stay.
    server: { sts: { endpoint: sts.url }, roles: {} },
    agent: { extraArgs: { 'imds-endpoint': imds.url } },
  });
}

function unreachable(
  { plugin, faultPods, transcripts: documented }: NodeWorld,
  nodeFaults: NodeFaults,
): NodeStep {
  return {
    title: 'kubectl rolegate doctor and explain name a rule that rejects the servers',
    async run() {
      const session = async () => sessionOf(['doctor'], await plugin.run('doctor'));
      const well = await session();
      await nodeFaults.rejectServers();
      try {
        await findAll(plugin, [
          {
            fault: 'A rule rejects the servers',
            severity: 'error',
            check: 'server',
            what: 'the agent reaches no server: a NetworkPolicy or a rule rejects 9610/tcp',
            evidence: /ECONNREFUSED/,
          },
        ]);
        await documented.check('doctor', [well, await session()]);
        await faultPods.start('late');
        return await expectVerdict(plugin, {
          fault: 'A rule rejects the servers',
          pod: `${SHOP}/late`,
          at: 'agent',
          says: 'has reached no server',
          next: 'NetworkPolicy',
        });
      } finally {
        await nodeFaults.reachServers();
        await expectWell(plugin);
      }
    },
  };
}

function hanging({ plugin, kubectl, node }: NodeWorld): NodeStep {
  return {
    title: 'An agent that hangs is a finding of kubectl rolegate doctor within seconds',
    async run() {
      await createKiller(kubectl, node.name);
      await signalAgentProcess(kubectl, 'SIGSTOP');
      try {
        const startMs = performance.now();
        const { stdout, code } = await plugin.run('doctor');
        const tookMs = performance.now() - startMs;
        if (code !== 1 || !stdout.includes('the agent does not answer'))
          throw new Error(`doctor exited with ${code}: ${stdout}`);
        if (tookMs > HANGING_WITHIN_MS) throw new Error(`it took ${Math.round(tookMs)} ms`);
      } finally {
        await signalAgentProcess(kubectl, 'SIGCONT');
        await removeKiller(kubectl);
      }
      await expectWell(plugin);
    },
  };
}
