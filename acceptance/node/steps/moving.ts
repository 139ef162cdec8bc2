import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import { duringRequests, expectNoFailure, expectOnlyOwn, resultLines } from '../continuous-requests.ts';
import type { ClientResult } from '../continuous-requests.ts';
import { CREDENTIALS_PATH } from '../curl-from-pod.ts';
import { expectNotReached } from '../imds-log.ts';
import { NAMESPACE } from '../installation.ts';
import { openMover } from '../moving/mover.ts';
import type { Mover } from '../moving/mover.ts';
import { ASKING, BILLING, REPORTS } from '../moving/old-system.ts';
import { required } from '../step.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { withRolesOf } from './plugin-rights.ts';
import { expectNoRules, expectNothingLeft } from './uninstalling.ts';

const SOON = { withinMs: 30_000, everyMs: 500 };
/** How long requests of a Pod fail at most while its node changes agents, as docs/migrate.md announces it. Seconds. */
const ANNOUNCED_S = 15;
/** Requests are sent for this long after a change. Milliseconds. */
const AFTER_MS = 5_000;

/** What the head of server-values.yaml asks for, and the stand-in for STS. */
const MISSING_VALUES = `cat >>server-values.yaml <<EOF
clusterName: demo
region: us-east-1
credentials: { source: secret, secret: { name: rolegate-server-aws } }
sts: { endpoint: '$STS' }
EOF`;

/**
 * A move from kiam with the files that `migrate plan` writes, one node there, back and there again, while Pods send requests. Needs
 * a release.
 */
export function moving(world: NodeWorld): NodeStep[] {
  const { registry } = world.installation.charts;
  if (registry === undefined) return [];
  let opened: Mover | undefined;
  const mover = async (): Promise<Mover> =>
    (opened ??= await openMover({
      env: { ...world.plugin.env, R: registry, STS: world.installation.stsEndpoint },
      node: world.node.name,
    }));
  const during = createDuring(world);
  const context = { world, mover, during };
  const steps = [startSteps, planSteps, moveSteps, endSteps].flatMap((some) => some(context));
  // No step makes sense without those before it.
  return steps.map(required);
}

interface MoveContext {
  readonly world: NodeWorld;
  readonly mover: () => Promise<Mover>;
  readonly during: ReturnType<typeof createDuring>;
}

function startSteps({ world }: MoveContext): NodeStep[] {
  const { kubectl, pods, oldSystem, imdsLog } = world;
  return [
    {
      title:
        'A stand-in for kiam gives Pods the roles that kiam permits, also by an alternative without an anchor',
      async run() {
        await pods.remove();
        await kubectl.remove('namespace', NAMESPACE);
        await oldSystem.create();
        await eventually(() => expectStatuses(world, { export: '200', nightly: '500' }), SOON);
        await imdsLog?.mark();
        const results = await duringRequests(kubectl, () => sleep(AFTER_MS), ASKING);
        expectNoFailure(results);
      },
    },
  ];
}

function planSteps({ world, mover }: MoveContext): NodeStep[] {
  return [
    withRolesOf('migrate', [['migrate', 'report']], world),
    {
      title: 'kubectl rolegate migrate report names the Pod that Rolegate would refuse, and exits with 1',
      async run() {
        const { before } = await mover();
        const { code } = await before.show(
          'kubectl rolegate migrate report',
          'From kiam to Rolegate',
          'are refused by Rolegate: 1',
          'billing-export NamespaceDenied export',
        );
        if (code !== 1) throw new Error(`exit code ${String(code)}`);
      },
    },
    {
      title: 'kubectl rolegate migrate plan reads the values of the release and writes the same files again',
      async run() {
        const { before } = await mover();
        const line = 'kubectl rolegate migrate plan';
        const { code, output } = await before.show(line, 'Next: read rolegate-move/plan.md');
        if (code !== 0) throw new Error(`exit code ${String(code)}: ${output}`);
        const again = await before.expect(line);
        if (/: (written|replaced)/.test(again)) throw new Error(`$ ${line}\n${again}`);
      },
    },
  ];
}

function moveSteps({ world, mover, during }: MoveContext): NodeStep[] {
  const { installation, oldSystem } = world;
  const follow = async (heading: string, between: (command: string) => Promise<unknown>): Promise<void> => {
    const { enter, commandsOf } = await mover();
    for (const command of await commandsOf(heading)) {
      // What it prints differs from run to run.
      if (command.startsWith('kubectl rolegate logs')) continue;
      await enter(command);
      await between(command);
    }
  };
  const nothing = () => Promise.resolve();
  return [
    {
      title: 'Writing permits and installing both charts beside kiam fails no request',
      run: () =>
        during(async () => {
          const { enter } = await mover();
          await enter('sh permits.sh');
          await enter(MISSING_VALUES);
          await follow('Install', async (command) => {
            // The Secret that the values name.
            if (command.startsWith('kubectl label namespace')) await installation.prepare();
          });
        }),
    },
    {
      title: 'node.sh fails requests of Pods on the node only until its agent answers, and exposes nothing',
      run: () => during(() => follow('Node by node', nothing), ANNOUNCED_S),
    },
    {
      title:
        'back.sh fails requests of Pods on the node only until the agent of kiam answers, and exposes nothing',
      run: () =>
        during(async () => {
          await follow('Back', nothing);
          await oldSystem.agentRuns();
        }, ANNOUNCED_S),
    },
    {
      title: 'A node that has moved back can move again',
      async run() {
        await during(() => follow('Node by node', nothing), ANNOUNCED_S);
        // Permits are not enforced yet.
        await eventually(() => expectStatuses(world, { export: '200', nightly: '200' }), SOON);
      },
    },
    {
      title: 'finish.sh enforces permits and removes kiam, and no request fails',
      async run() {
        await during(async () => {
          await follow('Finish', nothing);
          await installation.agentReady();
        });
        await eventually(() => expectStatuses(world, { export: '200', nightly: '403' }), SOON);
        const left = await oldSystem.workloads();
        if (left !== '') throw new Error(`left over: ${left}`);
      },
    },
  ];
}

function endSteps({ world, mover }: MoveContext): NodeStep[] {
  const { installation, oldSystem, transcripts } = world;
  return [
    {
      title: 'The transcript of a move in the documentation is what the commands print',
      async run() {
        await transcripts.check('migrate', (await mover()).sessions());
      },
    },
    {
      title: 'After a move, uninstall=true and helm uninstall leave nothing behind',
      async run() {
        await (await mover())[Symbol.asyncDispose]();
        await installation.uninstallRules();
        await oldSystem.remove();
        await expectNoRules(world);
        await installation.uninstall();
        await expectNothingLeft(world);
      },
    },
  ];
}

/** Throws if Pods get something else than their roles during a change, or after it, or get nothing for longer than announced. */
function createDuring({ kubectl, imdsLog, say }: NodeWorld) {
  return async (change: () => Promise<void>, announcedS = 0): Promise<void> => {
    const results = await duringRequests(kubectl, change, ASKING);
    for (const line of resultLines(results)) say(line);
    if (announcedS === 0) expectNoFailure(results);
    else expectPauseWithin(results, announcedS);
    expectNoFailure(await duringRequests(kubectl, () => sleep(AFTER_MS), ASKING));
    await expectNotReached(imdsLog);
  };
}

function expectPauseWithin(results: readonly ClientResult[], seconds: number): void {
  expectOnlyOwn(results);
  for (const { pod, pause } of results)
    if (pause > seconds) throw new Error(`${pod} got nothing for ${pause.toFixed(1)} s`);
}

/** Throws if the two Pods get other answers when they ask for credentials. */
async function expectStatuses(
  { curl }: NodeWorld,
  expected: { readonly export: string; readonly nightly: string },
): Promise<void> {
  for (const [namespace, pod, role, wanted] of [
    [BILLING, 'export', 'billing-export', expected.export],
    [REPORTS, 'nightly', 'nightly', expected.nightly],
  ] as const) {
    const { status, body } = await curl.metadata(namespace, pod, `${CREDENTIALS_PATH}/${role}`);
    if (status !== wanted) throw new Error(`${pod} got ${status} ${body}`);
  }
}
