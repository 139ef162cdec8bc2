import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '@rolegate/testing';
import type { Times, Wanted } from '../calls.ts';
import type { Cluster } from '../cluster.ts';
import { accountOf, changed, namespaceOf } from '../honest.ts';
import type { Tenant } from '../honest.ts';

/** After this a change is treated as lost. Milliseconds. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;

export type ChangingCluster = Pick<Cluster, 'api' | 'feeds' | 'changedPods'>;

/** Changes permits and roles of one tenant after the other, and reverts each change, until the signal aborts. */
export async function keepChanging(cluster: ChangingCluster, signal: AbortSignal): Promise<Times> {
  const times: (number | undefined)[] = [];
  for (let turn = 0; !signal.aborted; turn++) {
    times.push(...(await changeOnce(cluster, turn)));
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  return times;
}

/** Makes and reverts one change: of a permit in even turns, of a ServiceAccount's role in odd turns. */
export async function changeOnce({ api, feeds, changedPods }: ChangingCluster, turn: number): Promise<Times> {
  const at = Math.floor(turn / 2) % changed.length;
  const tenant = changed[at];
  if (tenant === undefined) return [];
  const times: (number | undefined)[] = [];
  for (const { object, wanted } of turn % 2 === 0 ? permitChanges(tenant) : roleChanges(tenant)) {
    const arrived = feeds.decided({ uid: changedPods[at] ?? '', wanted, withinMs: PATIENCE_MS });
    const { atMs } = await api.apply(object);
    const decidedMs = await arrived;
    times.push(decidedMs && Math.max(0, decidedMs - atMs));
  }
  return times;
}

interface Change {
  readonly object: KubernetesObject;
  readonly wanted: Wanted;
}

function permitChanges(tenant: Tenant): readonly Change[] {
  const { namespace, role } = tenant;
  return [
    { object: namespaceOf(tenant, `${namespace}/other`), wanted: 'denied' },
    { object: namespaceOf(tenant, `${namespace}/.*`), wanted: { role } },
  ];
}

function roleChanges(tenant: Tenant): readonly Change[] {
  const other = `${tenant.namespace}/other`;
  return [other, tenant.role].map((role) => ({ object: accountOf(tenant, role), wanted: { role } }));
}
