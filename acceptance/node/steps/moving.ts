import { eventually } from '@rolegate/testing';
import { createMove, expectAnswers } from '../moving/move.ts';
import type { Move } from '../moving/move.ts';
import { ANNOUNCED_S, movesBack, movesOver, reports, SOON, starts } from '../moving/move-steps.ts';
import { movesOn } from '../moving/moves-on.ts';
import { MOVED } from '../moving/old-clusters.ts';
import { required } from '../step.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { withRolesOf } from './plugin-rights.ts';
import { expectNoRules, expectNothingLeft } from './uninstalling.ts';

/** From kiam with the files that `migrate plan` writes, back, and there again to the end. Needs a release. */
export function moving(world: NodeWorld): NodeStep[] {
  const { registry } = world.installation.charts;
  if (registry === undefined) return [];
  const move = createMove(world, world.oldSystems.kiam, registry);
  // No step makes sense without those before it.
  return [
    starts(
      world,
      move,
      'A stand-in for kiam gives Pods the roles that kiam permits, also by an alternative without an anchor',
    ),
    withRolesOf('migrate', [['migrate', 'report']], world),
    reports(move, {
      title: 'kubectl rolegate migrate report names the Pod that Rolegate would refuse, and exits with 1',
      line: 'kubectl rolegate migrate report',
      says: ['From kiam to Rolegate', 'are refused by Rolegate: 1', 'billing-export NamespaceDenied export'],
    }),
    ...movesOver(world, move),
    movesBack(world, move),
    ...finishes(world, move),
  ]
    .map(required)
    .concat(movesOn(world, move), ends(world, move));
}

function finishes(world: NodeWorld, { old, follow, during }: Move): NodeStep[] {
  const { installation } = world;
  return [
    {
      title: 'A node that has moved back can move again',
      async run() {
        await during(() => follow('Node by node'), ANNOUNCED_S);
        await eventually(() => expectAnswers(world, MOVED), SOON);
      },
    },
    {
      title: 'finish.sh removes kiam, and no request fails',
      async run() {
        await during(async () => {
          await follow('Finish');
          await installation.agentReady();
        });
        await eventually(() => expectAnswers(world, MOVED), SOON);
        const left = await old.workloads();
        if (left !== '') throw new Error(`left over: ${left}`);
      },
    },
  ];
}

function ends(world: NodeWorld, { old, mover }: Move): NodeStep[] {
  const { installation, transcripts } = world;
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
        await old.remove();
        await expectNoRules(world);
        await installation.uninstall();
        await expectNothingLeft(world);
      },
    },
  ];
}

/** From kube2iam, and back until nothing of Rolegate is left. Needs a release. */
export function movingBack(world: NodeWorld): NodeStep[] {
  const { registry } = world.installation.charts;
  if (registry === undefined) return [];
  const move = createMove(world, world.oldSystems.kube2iam, registry);
  return [
    starts(
      world,
      move,
      "A stand-in for kube2iam gives Pods the roles that its globs permit, the default role, and the node's user data",
    ),
    reports(move, {
      title:
        'kubectl rolegate migrate report names the Pod with the default role and, from the log of kube2iam, the one that reads user data',
      line: 'kubectl rolegate migrate report --logs 10m',
      says: [
        'From kube2iam to Rolegate',
        'are refused by Rolegate: 1',
        'common NamespaceDenied shell',
        'user-data',
      ],
    }),
    ...movesOver(world, move),
    movesBack(world, move),
    undoes(world, move),
  ].map(required);
}

function undoes(world: NodeWorld, { old, mover, during }: Move): NodeStep {
  return {
    title:
      'together.sh and uninstalling the releases leave kube2iam and the node as they were, and requests fail only while its agent is replaced',
    async run() {
      await during(async () => {
        const { enter } = await mover();
        await enter('sh together.sh');
        await old.agentsReplaced();
        await enter('helm -n rolegate uninstall rolegate-back rolegate-agent rolegate-server --wait');
      }, ANNOUNCED_S);
      await expectAnswers(world, old.cluster.answers);
      const marks = await old.marks();
      if (marks.length > 0) throw new Error(`left on the node: ${marks.join(', ')}`);
      if (!(await old.isAsInstalled())) throw new Error('the DaemonSet of kube2iam is not as it was');
      await expectNothingLeft(world);
      await (await mover())[Symbol.asyncDispose]();
      await old.remove();
      await expectNoRules(world);
    },
  };
}
