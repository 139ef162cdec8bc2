import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster.ts';
import { growing, nodeAt, podOf } from '../honest.ts';
import type { Times } from '../calls.ts';

/** After this a Pod is treated as not served. Milliseconds. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 200;

export type GrowingCluster = Pick<Cluster, 'api' | 'feeds'>;

/** Creates Pods with new roles, and deletes them when they are served. */
export interface NewPods {
  /** Time until one Pod had credentials; undefined if it got none. Milliseconds. */
  readonly serveOne: () => Promise<number | undefined>;
  /** Creates one Pod after the other until the signal aborts. */
  readonly keepCreating: (signal: AbortSignal) => Promise<Times>;
}

export function createNewPods({ api, feeds }: GrowingCluster): NewPods {
  let created = 0;

  async function serveOne(): Promise<number | undefined> {
    const at = created++;
    const { namespace = '' } = growing[at % growing.length] ?? {};
    const name = `new-${at}`;
    const pod = podOf({ namespace, node: nodeAt(at) }, name, `${namespace}/${name}`);
    const { uid, atMs } = await api.apply(pod);
    const servedMs = await feeds.served({ uid, withinMs: PATIENCE_MS });
    await api.remove({ kind: 'Pod', namespace, name });
    return servedMs && Math.max(0, servedMs - atMs);
  }

  return {
    serveOne,
    async keepCreating(signal) {
      const times: (number | undefined)[] = [];
      while (!signal.aborted) {
        times.push(await serveOne());
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
      return times;
    },
  };
}
