import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesApi } from '@rolegate/testing';
import {
  nodeObject,
  namespaceObject,
  namespaceName,
  NOT_PERMITTED,
  otherWorkload,
  PERMITTED,
  podOf,
  rolloutWorkload,
  uidOfPod,
  workloadOfPod,
} from './objects.ts';
import type { PodState, Workload } from './objects.ts';
import type { ScaleSize } from './size.ts';
import { sharedNowMs } from './monotonic.ts';

/** From the creation of a Pod until it is in this state, and from its deletion. Milliseconds. */
const LIFE: readonly (readonly [PodState, number])[] = [
  ['created', 0],
  ['scheduled', 20],
  ['starting', 200],
  ['running', 1_500],
];
const DEATH: readonly (readonly [PodState | 'gone', number])[] = [
  ['terminating', 0],
  ['ended', 1_000],
  ['gone', 1_200],
];
const TICK_MS = 50;
/** The kubelet updates the status of an unchanged node this often. Milliseconds. */
const HEARTBEAT_MS = 300_000;

/** Changes to the cluster, at a steady pace, by those who make them in a real one. */
export function createChanges(api: Pick<KubernetesApi, 'apply' | 'delete'>, size: ScaleSize) {
  /** The index of the next new Pod. */
  let next = size.pods;
  /** When each Pod was scheduled that can get a role, by its UID. */
  let scheduled: [uid: string, atMs: number][] = [];
  const churned: number[] = [];
  let oldestChurned = size.permitPods + size.rolloutPods;
  let oldestRolledOut = size.permitPods;
  let churning: AbortController | undefined;
  const workloads = new Map<number, Workload>();

  function enter(index: number, workload: Workload, state: PodState): void {
    if (state === 'scheduled' && workload.role !== undefined)
      scheduled.push([uidOfPod(index), sharedNowMs()]);
    api.apply(podOf({ index, size, workload, state }));
  }

  function create(workload: Workload): number {
    const index = next++;
    workloads.set(index, workload);
    for (const [state, afterMs] of LIFE) setTimeout(enter, afterMs, index, workload, state);
    return index;
  }

  function remove(index: number): void {
    const workload = workloads.get(index) ?? workloadOfPod(index, size);
    workloads.delete(index);
    for (const [state, afterMs] of DEATH)
      setTimeout(() => {
        if (state === 'gone') api.delete('Pod', workload.namespace, `app-${index}`);
        else api.apply(podOf({ index, size, workload, state }));
      }, afterMs);
  }

  /** Calls `act` at a pace, `total` times or until the signal aborts. */
  async function pace(
    perSecond: number,
    act: () => void,
    { total = Infinity, signal }: { total?: number; signal?: AbortSignal },
  ): Promise<void> {
    const startMs = sharedNowMs();
    let done = 0;
    while (done < total && signal?.aborted !== true) {
      const due = Math.min(total, ((sharedNowMs() - startMs) / 1_000) * perSecond);
      for (; done < due; done++) act();
      await sleep(TICK_MS);
    }
  }

  return {
    /** New Pods replace the oldest ones until `stop`. */
    churn(): void {
      churning = new AbortController();
      const { signal } = churning;
      void pace(
        size.churnPerSecond,
        () => {
          churned.push(create(otherWorkload(next, size)));
          const oldest = oldestChurned < size.pods ? oldestChurned++ : churned.shift();
          if (oldest !== undefined) remove(oldest);
        },
        { signal },
      );
      let node = 0;
      void pace(
        size.nodes / (HEARTBEAT_MS / 1_000),
        () => {
          api.apply(nodeObject(node++ % size.nodes, new Date().toISOString()));
        },
        { signal },
      );
    },
    stop(): void {
      churning?.abort();
    },
    /** Replaces all Pods of one workload. */
    async rollOut(): Promise<void> {
      const workload = rolloutWorkload(size);
      await pace(
        size.rolloutPerSecond,
        () => {
          create(workload);
          remove(oldestRolledOut++);
        },
        { total: size.rolloutPods },
      );
    },
    /** Changes the permit of the first Namespace. Returns when. */
    permit(permitted: boolean): number {
      const atMs = sharedNowMs();
      api.apply(namespaceObject(namespaceName(0), permitted ? PERMITTED : NOT_PERMITTED));
      return atMs;
    },
    /** Pods with a role that were scheduled since the last call. */
    takeScheduled(): (readonly [uid: string, atMs: number])[] {
      const taken = scheduled;
      scheduled = [];
      return taken;
    },
  };
}
