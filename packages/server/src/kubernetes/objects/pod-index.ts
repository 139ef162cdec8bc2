import type { Pod } from './objects.ts';
import type { Store } from './store.ts';

/** The cluster's Pods by UID, node, address, Namespace and ServiceAccount. */
export interface PodIndex extends Store<Pod> {
  onNode(node: string): readonly Pod[];
  /** All Pods of the node with the address, including ended and host-network ones. */
  byIp(node: string, ip: string): readonly Pod[];
  inNamespace(namespace: string): readonly Pod[];
  ofServiceAccount(namespace: string, name: string): readonly Pod[];
}

export interface PodIndexDeps {
  /** Keyed by UID. */
  readonly store: Store<Pod>;
}

/** The index listens to the store before listeners that are added later, so they see the change in it. */
export function createPodIndex({ store }: PodIndexDeps): PodIndex {
  const nodes = createGroups(({ nodeName }) => nodeName);
  const namespaces = createGroups(({ namespace }) => namespace);
  const serviceAccounts = createGroups((pod) => serviceAccountKey(pod.namespace, pod.serviceAccount));
  const groups = [nodes, namespaces, serviceAccounts];

  for (const pod of store.values()) for (const group of groups) group.put(pod);
  store.onChange((change) => {
    const former = change.kind === 'removed' ? change.object : change.previous;
    for (const group of groups) {
      if (former !== undefined) group.drop(former);
      if (change.kind === 'set') group.put(change.object);
    }
  });

  return {
    get: (uid) => store.get(uid),
    values: () => store.values(),
    onChange: (listener) => store.onChange(listener),
    isDoubted: (uid) => store.isDoubted(uid),
    onDoubt: (listener) => {
      store.onDoubt(listener);
    },
    get size() {
      return store.size;
    },
    get resourceVersion() {
      return store.resourceVersion;
    },
    get syncedAtMs() {
      return store.syncedAtMs;
    },
    onNode: nodes.of,
    // A node has about a hundred Pods: a scan costs less than an index of addresses.
    byIp: (node, ip) => nodes.of(node).filter(({ ips }) => ips.includes(ip)),
    inNamespace: namespaces.of,
    ofServiceAccount: (namespace, name) => serviceAccounts.of(serviceAccountKey(namespace, name)),
  };
}

/** Groups Pods by a key; those with key '' are left out. */
function createGroups(keyOf: (pod: Pod) => string) {
  const groups = new Map<string, Map<string, Pod>>();
  return {
    put(pod: Pod): void {
      const key = keyOf(pod);
      if (key === '') return;
      const group = groups.get(key) ?? new Map<string, Pod>();
      groups.set(key, group.set(pod.uid, pod));
    },
    drop(pod: Pod): void {
      const key = keyOf(pod);
      const group = groups.get(key);
      group?.delete(pod.uid);
      if (group?.size === 0) groups.delete(key);
    },
    of: (key: string): readonly Pod[] => [...(groups.get(key)?.values() ?? [])],
  };
}

function serviceAccountKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
