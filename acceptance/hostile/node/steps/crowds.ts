import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacedPod } from '../pods.ts';
import { attackStep } from '../step.ts';
import type { NodeStep, NodeWorld } from '../step.ts';
import type { AttackReport } from '../../watch/seen.ts';
import { orderOf, startHonestPod } from '../../watch/others.ts';
import { attackWith, metadataApi } from './attackers.ts';
import { listRoles, shortest } from './requests.ts';

const WORKERS = 200;
/** The API server learns of a Pod that late after its first process. Milliseconds. */
const LEARNS_AFTER_MS = 300;
const SIXTEEN_TIMES_256 = 4_096;

interface Crowd {
  readonly workers: number;
  readonly apartMs: number;
  /** Done once they ask. */
  readonly meanwhile?: () => Promise<void>;
}

async function crowdOf(
  world: NodeWorld,
  pod: PlacedPod,
  { workers, apartMs, meanwhile }: Crowd,
): Promise<AttackReport> {
  await using child = await startHonestPod(world, pod);
  const asked = child.call.crowd({ ...orderOf(pod), workers, apartMs });
  const [crowd] = await Promise.all([asked, meanwhile?.()]);
  return { said: `${workers} workers made ${crowd.requests} requests`, crowd };
}

/** Row N10: honest, and many. */
export const crowdSteps: readonly NodeStep[] = [
  attackStep({
    title: `${WORKERS} workers of one Pod that start 20 ms apart, each on a separate connection, all get credentials`,
    run: (world) => crowdOf(world, world.cast.crowd, { workers: WORKERS, apartMs: 20 }),
  }),
  attackStep({
    title: `${WORKERS} workers of one Pod that start at the same time, each on a separate connection, all get credentials`,
    run: (world) => crowdOf(world, world.cast.crowd, { workers: WORKERS, apartMs: 0 }),
  }),
  attackStep({
    title: `${WORKERS} workers that send requests before their Pod is known all get credentials once it is`,
    async run(world) {
      const { cluster, cast } = world;
      await cluster.giveAddress(cast.pending.pod);
      return crowdOf(world, cast.pending, {
        workers: WORKERS,
        apartMs: 0,
        async meanwhile() {
          await sleep(LEARNS_AFTER_MS);
          await cluster.report(cast.pending.pod);
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
      attack.catch(() => undefined); // told below
      await sleep(1_000);
      const crowd = await crowdOf(world, world.cast.crowd, { workers: WORKERS, apartMs: 5 });
      const { said } = await attack;
      return { ...crowd, said: `${said}; ${crowd.said}` };
    },
  }),
  attackStep({
    title:
      'While sixteen Pods of one Namespace hold 256 connections each, a Pod of another Namespace opens 17 and gets credentials on all of them',
    async run(world) {
      const { cast } = world;
      const attack = attackWith(world, [
        {
          from: 'sixteen',
          plan: {
            targets: metadataApi,
            sources: cast.sixteen.map(({ pod }) => pod.addresses.ipv4),
            connections: SIXTEEN_TIMES_256,
            opensPerSecond: 3_000,
            writing: { first: listRoles },
            reading: 'all',
          },
          lastsMs: 5_000,
        },
      ]);
      attack.catch(() => undefined); // told below
      await sleep(2_500 * world.stretch);
      const late = await crowdOf(world, cast.late, { workers: 17, apartMs: 20 });
      const { said } = await attack;
      return { ...late, said: `${said}; ${late.said}` };
    },
  }),
];
