import { setTimeout as sleep } from 'node:timers/promises';
import type { AttachedPod } from '../pods.ts';
import { attackStep } from '../step.ts';
import type { NodeStep, NodeWorld } from '../step.ts';
import type { AttackReport } from '../../watch/observations.ts';
import { clientOf, startHonestPod } from '../../watch/others.ts';
import { attackWith, metadataApi } from './attackers.ts';
import { listRoles, shortest } from './requests.ts';

const WORKERS = 200;
/** The delay after which the API server learns of a Pod. Milliseconds. */
const LEARNS_AFTER_MS = 300;
const SIXTEEN_TIMES_256 = 4_096;

interface Workers {
  readonly workers: number;
  readonly apartMs: number;
  /** Runs while the workers send requests. */
  readonly concurrently?: () => Promise<void>;
}

async function runWorkers(
  world: NodeWorld,
  pod: AttachedPod,
  { workers, apartMs, concurrently }: Workers,
): Promise<AttackReport> {
  await using child = await startHonestPod(world, pod);
  const asked = child.call.runWorkers({ ...clientOf(pod), workers, apartMs });
  const [answers] = await Promise.all([asked, concurrently?.()]);
  return { summary: `${workers} workers made ${answers.requests} requests`, workers: answers };
}

/** Attack N10 on version 0.1: many honest clients. */
export const manyWorkersSteps: readonly NodeStep[] = [
  attackStep({
    title: `${WORKERS} workers of one Pod that start 20 ms apart, each on a separate connection, all get credentials`,
    run: (world) => runWorkers(world, world.pods.workers, { workers: WORKERS, apartMs: 20 }),
  }),
  attackStep({
    title: `${WORKERS} workers of one Pod that start at the same time, each on a separate connection, all get credentials`,
    run: (world) => runWorkers(world, world.pods.workers, { workers: WORKERS, apartMs: 0 }),
  }),
  attackStep({
    title: `${WORKERS} workers that send requests before their Pod is known all get credentials once it is`,
    async run(world) {
      const { cluster, pods } = world;
      await cluster.giveAddress(pods.pending.pod);
      return runWorkers(world, pods.pending, {
        workers: WORKERS,
        apartMs: 0,
        async concurrently() {
          await sleep(LEARNS_AFTER_MS);
          await cluster.report(pods.pending.pod);
        },
      });
    },
  }),
  attackStep({
    title: `${WORKERS} workers of one Pod all get credentials while a Pod of another Namespace pipelines requests nonstop`,
    async run(world) {
      const attack = attackWith(world, [
        {
          from: 'attacker',
          plan: {
            targets: metadataApi,
            connections: 32,
            writing: { then: { text: shortest, when: 'taken' } },
            reading: 'all',
          },
        },
      ]);
      attack.catch(() => undefined); // awaited below
      await sleep(1_000);
      const report = await runWorkers(world, world.pods.workers, { workers: WORKERS, apartMs: 5 });
      const { summary } = await attack;
      return { ...report, summary: `${summary}; ${report.summary}` };
    },
  }),
  attackStep({
    title:
      'While sixteen Pods of one Namespace hold 256 connections each, a Pod of another Namespace opens 17 and gets credentials on all of them',
    async run(world) {
      const { pods } = world;
      const attack = attackWith(world, [
        {
          from: 'sixteen',
          plan: {
            targets: metadataApi,
            sources: pods.sixteen.map(({ pod }) => pod.addresses.ipv4),
            connections: SIXTEEN_TIMES_256,
            opensPerSecond: 3_000,
            writing: { first: listRoles },
            reading: 'all',
          },
          durationMs: 5_000,
        },
      ]);
      attack.catch(() => undefined); // awaited below
      await sleep(2_500 * world.durationFactor);
      const late = await runWorkers(world, pods.late, { workers: 17, apartMs: 20 });
      const { summary } = await attack;
      return { ...late, summary: `${summary}; ${late.summary}` };
    },
  }),
];
