import type { Recipe } from '../../cluster/orders.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsWorld, TenantsStep } from '../step.ts';
import { applyHostile, clearHostile, HOSTILE, hostilePods, ROLE } from './hostile-tenant.ts';

const LINES_PER_SECOND = 2;
const LASTS_MS = 5_000;
/** DESIGN.md 4.11: what cannot be read leads to a list within this. Milliseconds. */
const KNOWN_WITHIN_MS = 5_000;

/** 1.4 MB of `<` in their status, which are 8.4 MB in a line of a watch. */
function escaped(name: string, count: number, role: string): Recipe {
  return hostilePods(name, count, {
    annotations: { [ROLE]: `${HOSTILE}/${role}` },
    elsewhere: { character: '<', bytes: 1_400_000 },
  });
}

const many = escaped('escaped', 4, 'app');
const one = escaped('padded', 1, 'app');

/** Row S3: a Pod whose status is padded gets another role and is deleted, and its agent must know. */
async function changePadded({ standIn, cluster }: TenantsWorld): Promise<string[]> {
  const { feeds } = cluster;
  const name = { kind: 'Pod', namespace: HOSTILE, name: 'padded-0' } as const;
  await standIn.fill({ recipe: one, perSecond: 1 });
  const pod = { uid: await standIn.uid(name), withinMs: KNOWN_WITHIN_MS };
  const faults: string[] = [];
  if ((await feeds.served(pod)) === undefined) faults.push('a Pod with a padded status gets no credentials');
  await standIn.fill({ recipe: escaped('padded', 1, 'other'), perSecond: 1 });
  const changed = await feeds.decided({ ...pod, wanted: { role: `${HOSTILE}/other` } });
  if (changed === undefined) faults.push("a padded Pod's new role is not known after 5 s");
  await standIn.remove(name);
  if ((await feeds.gone(pod)) === undefined)
    faults.push('that a padded Pod is deleted is not known after 5 s');
  return faults;
}

export const longLineSteps: readonly TenantsStep[] = [
  tenantsStep({
    title: 'Watch events of 8.4 MB for created, changed and deleted Pods delay no other tenant and are all read',
    async run(world) {
      const { standIn, stretch } = world;
      await applyHostile(world);
      const order = { recipe: many, perSecond: LINES_PER_SECOND, forMs: (LASTS_MS * stretch) / 2 };
      const changed = await standIn.rewrite(order);
      const made = await standIn.rewrite({ ...order, deleting: true, perSecond: LINES_PER_SECOND / 2 });
      const faults = await changePadded(world);
      return { said: `${changed.writes + 2 * made.writes + 3} lines`, faults };
    },
    clean: (world) => clearHostile(world, [many, one]),
  }),
];
