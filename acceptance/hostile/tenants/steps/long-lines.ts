import type { Recipe } from '../../cluster/calls.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsWorld, TenantsStep } from '../step.ts';
import { applyHostile, clearHostile, HOSTILE, hostilePods, ROLE } from './hostile-tenant.ts';

const LINES_PER_SECOND = 2;
const DURATION_MS = 5_000;
/** DESIGN.md 4.11: an unreadable event leads to a list within this time. Milliseconds. */
const KNOWN_WITHIN_MS = 5_000;

/** 1.4 MB of `<` in the status become 8.4 MB in a watch event. */
function escaped(name: string, count: number, role: string): Recipe {
  return hostilePods(name, count, {
    annotations: { [ROLE]: `${HOSTILE}/${role}` },
    padding: { character: '<', bytes: 1_400_000 },
  });
}

const many = escaped('escaped', 4, 'app');
const one = escaped('padded', 1, 'app');

/** Attack S3 on version 0.1: the agent must learn that a padded Pod gets another role and is deleted. */
async function changePadded({ standIn, cluster }: TenantsWorld): Promise<string[]> {
  const { feeds } = cluster;
  const name = { kind: 'Pod', namespace: HOSTILE, name: 'padded-0' } as const;
  await standIn.fill({ recipe: one, perSecond: 1 });
  const pod = { uid: await standIn.uid(name), withinMs: KNOWN_WITHIN_MS };
  const problems: string[] = [];
  if ((await feeds.served(pod)) === undefined) problems.push('a padded Pod gets no credentials');
  await standIn.fill({ recipe: escaped('padded', 1, 'other'), perSecond: 1 });
  const changed = await feeds.decided({ ...pod, wanted: { role: `${HOSTILE}/other` } });
  if (changed === undefined) problems.push("a padded Pod's new role is unknown after 5 s");
  await standIn.remove(name);
  if ((await feeds.gone(pod)) === undefined) problems.push("a padded Pod's deletion is unknown after 5 s");
  return problems;
}

export const longLineSteps: readonly TenantsStep[] = [
  tenantsStep({
    title:
      'Watch events of 8.4 MB for created, changed and deleted Pods delay no other tenant and are all read',
    async run(world) {
      const { standIn, durationFactor } = world;
      await applyHostile(world);
      const order = { recipe: many, perSecond: LINES_PER_SECOND, forMs: (DURATION_MS * durationFactor) / 2 };
      const changed = await standIn.rewrite(order);
      const made = await standIn.rewrite({ ...order, deleting: true, perSecond: LINES_PER_SECOND / 2 });
      const problems = await changePadded(world);
      return { summary: `${changed.writes + 2 * made.writes + 3} events`, problems };
    },
    clean: (world) => clearHostile(world, [many, one]),
  }),
];
