import type { KnownPod } from './known-pod.ts';

export interface PodEntries {
  readonly add: (pod: KnownPod) => void;
  readonly remove: (pod: KnownPod) => void;
  readonly byRuntimeUid: (runtimeUid: string) => readonly KnownPod[];
  /** More than one where a Pod was made anew under its name and the end of the former has not been told yet. */
  readonly byName: (namespace: string, name: string) => readonly KnownPod[];
  readonly byIp: (ip: string) => readonly KnownPod[];
}

/** The ways to a Pod other than its UID. */
export function createPodEntries(): PodEntries {
  const runtimeUids = new Map<string, readonly KnownPod[]>();
  const names = new Map<string, readonly KnownPod[]>();
  const ips = new Map<string, readonly KnownPod[]>();

  function each(pod: KnownPod, visit: (index: Map<string, readonly KnownPod[]>, key: string) => void): void {
    if (pod.runtimeUid !== '') visit(runtimeUids, pod.runtimeUid);
    visit(names, `${pod.namespace}/${pod.name}`);
    for (const ip of new Set(pod.ips)) visit(ips, ip);
  }

  return {
    add(pod) {
      each(pod, (index, key) => index.set(key, [...(index.get(key) ?? []), pod]));
    },
    remove(pod) {
      each(pod, (index, key) => {
        const others = (index.get(key) ?? []).filter((other) => other !== pod);
        if (others.length > 0) index.set(key, others);
        else index.delete(key);
      });
    },
    byRuntimeUid: (runtimeUid) => runtimeUids.get(runtimeUid) ?? [],
    byName: (namespace, name) => names.get(`${namespace}/${name}`) ?? [],
    byIp: (ip) => ips.get(ip) ?? [],
  };
}
