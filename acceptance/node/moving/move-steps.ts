import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import { duringRequests, expectNoFailure } from '../continuous-requests.ts';
import { NAMESPACE } from '../installation.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { expectAnswers } from './move.ts';
import type { Move } from './move.ts';
import { MOVED } from './old-clusters.ts';

export const SOON = { withinMs: 30_000, everyMs: 500 };
/** How long requests of a Pod fail at most while its node changes agents, as docs/migrate.md announces it. Seconds. */
export const ANNOUNCED_S = 15;
const ASKED_MS = 2_000;

/** What the head of server-values.yaml asks for, and the stand-in for STS. */
const MISSING_VALUES = `cat >>server-values.yaml <<EOF
clusterName: demo
region: us-east-1
credentials: { source: secret, secret: { name: rolegate-server-aws } }
sts: { endpoint: '$STS' }
EOF`;

/** The old system before the move. */
export function starts(world: NodeWorld, { old }: Move, title: string): NodeStep {
  const { kubectl, pods, imdsLog } = world;
  return {
    title,
    async run() {
      await pods.remove();
      await kubectl.remove('namespace', NAMESPACE);
      await old.create();
      await eventually(() => expectAnswers(world, old.cluster.answers), SOON);
      await imdsLog?.mark();
      expectNoFailure(await duringRequests(kubectl, () => sleep(ASKED_MS), old.cluster.asking));
    },
  };
}

/** The report names Pods that Rolegate would refuse. */
export function reports({ mover }: Move, { title, line, says }: Reporting): NodeStep {
  return {
    title,
    async run() {
      const { code } = await (await mover()).before.show(line, ...says);
      if (code !== 1) throw new Error(`exit code ${String(code)}`);
    },
  };
}

interface Reporting {
  readonly title: string;
  readonly line: string;
  readonly says: readonly string[];
}

/** Without the steps back. */
export function movesOver(world: NodeWorld, { old, mover, follow, during }: Move): NodeStep[] {
  const { installation } = world;
  const { system } = old.cluster;
  return [
    {
      title: `kubectl rolegate migrate plan reads the values of the release of ${system} and writes the same files again`,
      async run() {
        const { before } = await mover();
        const line = 'kubectl rolegate migrate plan';
        const { code, output } = await before.show(line, 'Next: read rolegate-move/plan.md');
        if (code !== 0) throw new Error(`exit code ${String(code)}: ${output}`);
        const again = await before.expect(line);
        if (/: (written|replaced)/.test(again)) throw new Error(`$ ${line}\n${again}`);
      },
    },
    {
      title: `Writing permits and installing both charts beside ${system} fails no request`,
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
      title: `node.sh fails requests of Pods on a node with ${system} only until Rolegate's agent answers, and exposes nothing`,
      async run() {
        await during(() => follow('Node by node'), ANNOUNCED_S);
        await eventually(() => expectAnswers(world, MOVED), SOON);
      },
    },
  ];
}

/** The agent of the old system is ready when back.sh ends. */
export function movesBack(world: NodeWorld, { old, follow, during }: Move): NodeStep {
  const { system } = old.cluster;
  return {
    title: `back.sh fails requests of Pods on the node only until the agent of ${system} is ready, and exposes nothing`,
    async run() {
      await during(async () => {
        await follow('Back');
        if (!(await old.agentIsReady())) throw new Error(`the agent of ${system} is not ready`);
      }, ANNOUNCED_S);
      await eventually(() => expectAnswers(world, old.cluster.answers), SOON);
    },
  };
}
