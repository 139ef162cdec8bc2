import { setTimeout as sleep } from 'node:timers/promises';
import { machineMs } from '../../cluster/clients/pace.ts';
import { namespaceOf, nodeAt, podOf } from '../../cluster/honest.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsStep, TenantsWorld } from '../step.ts';
import { applyHostile, clearHostile, hostilePods, ROLE } from './hostile-tenant.ts';

const DENIED = 2_000;
const FILLS_PER_SECOND = 500;
/** A later Event does not help the user. Milliseconds. */
const EVENT_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;

const denied = hostilePods('denied', DENIED, { annotations: { [ROLE]: 'others/role' } });

/** Another tenant with one denied Pod. */
const mistaken = { namespace: 'mistaken', node: nodeAt(0) };

/** Time until the Event was posted; undefined if there is none. Milliseconds. */
async function eventOfOne({ standIn }: TenantsWorld): Promise<number | undefined> {
  const { atMs } = await standIn.apply(podOf(mistaken, 'app', 'others/role'));
  while (machineMs() - atMs < EVENT_WITHIN_MS) {
    const eventMs = await standIn.firstEvent(mistaken.namespace);
    if (eventMs !== undefined) return eventMs - atMs;
    await sleep(LOOK_EVERY_MS);
  }
  return undefined;
}

export const eventSteps: readonly TenantsStep[] = [
  tenantsStep({
    title: `${DENIED.toLocaleString('en')} denied Pods in one Namespace do not suppress Events in another`,
    async run(world) {
      const { standIn } = world;
      await applyHostile(world);
      await standIn.apply(namespaceOf(mistaken, 'mistaken/.*'));
      await standIn.fill({ recipe: denied, perSecond: FILLS_PER_SECOND });
      const tookMs = await eventOfOne(world);
      return tookMs === undefined
        ? {
            summary: `${DENIED} denials`,
            problems: ['a denied Pod in another Namespace has no Event after 5 s'],
          }
        : {
            summary: `${DENIED} denials, Event in the other Namespace after ${(tookMs / 1_000).toFixed(1)} s`,
          };
    },
    async clean(world) {
      await clearHostile(world, [denied]);
      await world.standIn.remove({ kind: 'Pod', namespace: mistaken.namespace, name: 'app' });
      await world.standIn.remove({ kind: 'Namespace', name: mistaken.namespace });
    },
  }),
];
