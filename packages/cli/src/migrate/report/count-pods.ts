import { annotation } from '@rolegate/server';
import type { AnnotationKeys } from '../old-rules/old-system.ts';
import type { Judged } from './judge.ts';
import { cronJobFacts, podFacts } from './pod-facts.ts';
import type { PodFacts } from './pod-facts.ts';
import type { ListAll } from './read-objects.ts';
import { createSoftwareTally } from './software.ts';
import type { SoftwareRow } from './software.ts';
import { createTally } from './tally.ts';
import type { NamespaceTally } from './tally.ts';

export interface CountedPods {
  /** CronJobs included. */
  readonly pods: number;
  readonly tally: readonly NamespaceTally[];
  readonly software: readonly SoftwareRow[];
  /** NAMESPACE/NAME of Pods without a role of their own, by address. */
  readonly withoutRole: ReadonlyMap<string, string>;
}

/** Judges all Pods and CronJobs. Of each, only its UID is kept, and its address if it has no role. */
export async function countPods(
  list: ListAll,
  keys: AnnotationKeys,
  judge: (pod: PodFacts) => Judged,
  observe?: (pod: PodFacts, judged: Judged) => void,
): Promise<CountedPods> {
  const tally = createTally({ externalId: keys.externalId, sessionName: annotation.sessionName });
  const software = createSoftwareTally();
  const withoutRole = new Map<string, string>();
  const seen = new Set<string>();
  const add = (pod: PodFacts | undefined) => {
    // A list that expires on the way begins again.
    if (pod === undefined || seen.has(pod.uid)) return;
    seen.add(pod.uid);
    const judged = judge(pod);
    tally.add(pod, judged);
    observe?.(pod, judged);
    if (pod.hostNetwork) return;
    software.add(pod.namespace, pod.images);
    if (judged.hasNow === undefined && pod.ip !== '') withoutRole.set(pod.ip, `${pod.namespace}/${pod.name}`);
  };
  await list('pods', (item) => {
    add(podFacts(item, keys));
  });
  await list('cronjobs', (item) => {
    add(cronJobFacts(item, keys));
  });
  return {
    pods: seen.size,
    tally: tally.namespaces(),
    software: software.rows(),
    withoutRole,
  };
}
