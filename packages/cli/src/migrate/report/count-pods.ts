import { annotation } from '@rolegate/server';
import type { AnnotationKeys } from '../old-rules/old-system.ts';
import type { Judged } from './judge.ts';
import type { PodFacts } from './pod-facts.ts';
import { readPods } from './read-objects.ts';
import type { ListAll } from './read-objects.ts';
import { createSoftwareTally } from './software.ts';
import type { SoftwareRow } from './software.ts';
import { createTally } from './tally.ts';
import type { NamespaceTally } from './tally.ts';

export interface CountedPods {
  /** Workloads without Pods included, as one each. */
  readonly pods: number;
  readonly tally: readonly NamespaceTally[];
  readonly software: readonly SoftwareRow[];
  /** NAMESPACE/NAME of Pods without a role of their own, by address. */
  readonly withoutRole: ReadonlyMap<string, string>;
}

export interface CountDeps {
  readonly list: ListAll;
  readonly keys: AnnotationKeys;
  /** Of all Namespaces. */
  readonly names: Iterable<string>;
  readonly judge: (pod: PodFacts) => Judged;
  readonly observe: ((pod: PodFacts, judged: Judged) => void) | undefined;
}

/** Judges all Pods, and those that workloads will make. Of each, only its UID is kept, and its address if it has no role. */
export async function countPods({ list, keys, names, judge, observe }: CountDeps): Promise<CountedPods> {
  const tally = createTally({ externalId: keys.externalId, sessionName: annotation.sessionName, names });
  const software = createSoftwareTally();
  const withoutRole = new Map<string, string>();
  const pods = await readPods(list, keys, (pod) => {
    const judged = judge(pod);
    tally.add(pod, judged);
    observe?.(pod, judged);
    if (pod.hostNetwork) return;
    software.add(pod.namespace, pod.images);
    if (judged.hasNow === undefined && pod.ip !== '') withoutRole.set(pod.ip, `${pod.namespace}/${pod.name}`);
  });
  return {
    pods,
    tally: tally.namespaces(),
    software: software.rows(),
    withoutRole,
  };
}
