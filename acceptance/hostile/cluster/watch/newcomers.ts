import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster.ts';
import { growing, nodeAt, podOf } from '../honest.ts';
import type { Times } from '../orders.ts';

/** After this a Pod counts as not served. Milliseconds. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 200;

export type GrowingCluster = Pick<Cluster, 'api' | 'feeds'>;

/** Pods come, each with a role that nobody has had. They go when they are served. */
export interface Newcomers {
  /** How long until it had credentials; undefined: it has none. Milliseconds. */
  readonly one: () => Promise<number | undefined>;
  /** One after the other until the signal aborts. */
  readonly keepComing: (signal: AbortSignal) => Promise<Times>;
}

export function createNewcomers({ api, feeds }: GrowingCluster): Newcomers {
  let come = 0;

  async function one(): Promise<number | undefined> {
    const at = come++;
    const { namespace = '' } = growing[at % growing.length] ?? {};
    const name = `new-${at}`;
    const pod = podOf({ namespace, node: nodeAt(at) }, name, `${namespace}/${name}`);
    const { uid, atMs } = await api.apply(pod);
    const servedMs = await feeds.served({ uid, withinMs: PATIENCE_MS });
    await api.remove({ kind: 'Pod', namespace, name });
    return servedMs && Math.max(0, servedMs - atMs);
  }

  return {
    one,
    async keepComing(signal) {
      const times: (number | undefined)[] = [];
      while (!signal.aborted) {
        times.push(await one());
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
      return times;
    },
  };
}
