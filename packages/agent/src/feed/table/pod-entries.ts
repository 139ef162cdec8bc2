import { isOlderVersion } from '@rolegate/protocol';
import type { KnownPod } from './known-pod.ts';
import type { DecidedPod } from './contents.ts';

/** The ways to look up a Pod. */
export interface PodLookups {
  readonly pod: (uid: string) => KnownPod | undefined;
  readonly podByRuntimeUid: (runtimeUid: string) => KnownPod | undefined;
  readonly podByName: (namespace: string, name: string) => KnownPod | undefined;
  readonly podsByIp: (ip: string) => readonly KnownPod[];
  /** True if the feed names the Pod: by a UID (of the API server or the runtime) or by namespace/name. */
  readonly isNamed: (pod: string) => boolean;
  readonly pods: () => readonly KnownPod[];
}

export interface PodEntries {
  readonly lookups: PodLookups;
  readonly of: (uid: string) => DecidedPod | undefined;
  /** Replaces the entry with the same UID. */
  readonly set: (decided: DecidedPod) => void;
  readonly remove: (uid: string) => void;
  readonly all: () => Iterable<readonly [uid: string, decided: DecidedPod]>;
}

/** The node's Pods by UID and by other keys. */
export function createPodEntries(): PodEntries {
  const entries = new Map<string, DecidedPod>();
  const index = createPodIndex();

  /** Names are reused: of the Pods with one name, the one last seen by the API server counts. */
  function only(pods: readonly KnownPod[]): KnownPod | undefined {
    return pods.reduce<KnownPod | undefined>(
      (found, pod) => (found && !isOlderVersion(versionOf(found), versionOf(pod)) ? found : pod),
      undefined,
    );
  }

  function versionOf({ uid }: KnownPod): string {
    return entries.get(uid)?.versions.pod ?? '';
  }

  function remove(uid: string): void {
    const former = entries.get(uid);
    if (former === undefined) return;
    index.remove(former.pod);
    entries.delete(uid);
  }

  return {
    lookups: {
      pod: (uid) => entries.get(uid)?.pod,
      podByRuntimeUid: (runtimeUid) => only(index.byRuntimeUid(runtimeUid)),
      podByName: (namespace, name) => only(index.byName(namespace, name)),
      podsByIp: index.byIp,
      isNamed(pod) {
        // UIDs contain no slash.
        const [namespace = '', name] = pod.split('/');
        if (name !== undefined) return index.byName(namespace, name).length > 0;
        return entries.has(pod) || index.byRuntimeUid(pod).length > 0;
      },
      pods: () => [...entries.values()].map(({ pod }) => pod),
    },
    of: (uid) => entries.get(uid),
    set(decided) {
      const former = entries.get(decided.pod.uid);
      if (former !== undefined) index.remove(former.pod);
      index.add(decided.pod);
      entries.set(decided.pod.uid, decided);
    },
    remove,
    all: () => entries,
  };
}

interface PodIndex {
  readonly add: (pod: KnownPod) => void;
  readonly remove: (pod: KnownPod) => void;
  readonly byRuntimeUid: (runtimeUid: string) => readonly KnownPod[];
  /** Several if a Pod was re-created under its name and the removal of the former one has not been reported yet. */
  readonly byName: (namespace: string, name: string) => readonly KnownPod[];
  readonly byIp: (ip: string) => readonly KnownPod[];
}

/** Keys of a Pod other than its UID. */
function createPodIndex(): PodIndex {
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
