import type { ResourceVersions } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Cluster } from './kubernetes/cluster.ts';
import type { Pod } from './kubernetes/objects.ts';
import type { Policy, Presence, Verdict } from './policy/decide.ts';

/**
 * A Namespace or ServiceAccount that is not there so long after it was first missed, the caches being synced, does not
 * exist (DESIGN.md 4.2): the watches of different kinds are not in step.
 */
const ABSENT_AFTER_MS = 10_000;

export interface DecidedPod {
  readonly pod: Pod;
  readonly verdict: Verdict;
  /** Of the objects that it was decided on; of one that is missing, how far its watch has come. */
  readonly versions: Required<ResourceVersions>;
}

export interface Decisions {
  decide(pod: Pod): DecidedPod;
  /** Pods whose decision may be another now. */
  onChange(listener: (pods: Iterable<Pod>) => void): () => void;
  /** Decides everything anew: the base ARN has been found. */
  reconsider(): void;
}

export interface DecisionsDeps {
  readonly cluster: Pick<Cluster, 'pods' | 'namespaces' | 'serviceAccounts'>;
  readonly policy: Policy;
  readonly clock: Clock;
}

/** Ties the cluster's objects to the policy, and says which Pods a changed object concerns. */
export function createDecisions({ cluster, policy, clock }: DecisionsDeps): Decisions {
  const { pods, namespaces, serviceAccounts } = cluster;
  const listeners = new Set<(pods: Iterable<Pod>) => void>();
  const missing = createMissing();

  namespaces.onChange(({ kind, object }) => {
    missing.seen(namespaceKey(object.name), kind);
    tell(pods.inNamespace(object.name));
  });
  serviceAccounts.onChange(({ kind, object }) => {
    missing.seen(serviceAccountKey(object.namespace, object.name), kind);
    tell(pods.ofServiceAccount(object.namespace, object.name));
  });
  pods.onChange((change) => {
    if (change.kind === 'set') tell([change.object]);
    else missing.forget(change.object);
  });

  function tell(changed: Iterable<Pod>): void {
    for (const listener of listeners) listener(changed);
  }

  /** 'unseen' for the first ten seconds, with a second look when they are over. */
  function presenceOf(key: string, found: Presence | undefined, concerned: () => Iterable<Pod>): Presence {
    if (found !== undefined) return found;
    return missing.absent(key, () => {
      tell(concerned());
    })
      ? 'absent'
      : 'unseen';
  }

  function createMissing() {
    const since = new Map<string, number>();
    return {
      /** What the watch saw go needs no waiting for. */
      seen(key: string, kind: 'set' | 'removed'): void {
        if (kind === 'set') since.delete(key);
        else since.set(key, -Infinity);
      },
      /** Nobody asks for what only this Pod was missing. */
      forget({ namespace, serviceAccount }: Pod): void {
        if (pods.inNamespace(namespace).length === 0) since.delete(namespaceKey(namespace));
        if (pods.ofServiceAccount(namespace, serviceAccount).length === 0)
          since.delete(serviceAccountKey(namespace, serviceAccount));
      },
      absent(key: string, again: () => void): boolean {
        const now = clock.monotonic();
        const first = since.get(key);
        if (first !== undefined) return now - first >= ABSENT_AFTER_MS;
        since.set(key, now);
        clock.schedule(ABSENT_AFTER_MS, () => {
          if (since.get(key) === now) again();
        });
        return false;
      },
    };
  }

  return {
    decide(pod) {
      const namespace = namespaces.get(pod.namespace);
      const serviceAccount = serviceAccounts.get(`${pod.namespace}/${pod.serviceAccount}`);
      const verdict = policy.decide({
        pod: { ...pod, node: pod.nodeName },
        namespace: presenceOf(namespaceKey(pod.namespace), namespace, () => pods.inNamespace(pod.namespace)),
        serviceAccount: presenceOf(serviceAccountKey(pod.namespace, pod.serviceAccount), serviceAccount, () =>
          pods.ofServiceAccount(pod.namespace, pod.serviceAccount),
        ),
      });
      const versions = {
        pod: pod.resourceVersion,
        namespace: namespace?.resourceVersion ?? namespaces.resourceVersion,
        serviceAccount: serviceAccount?.resourceVersion ?? serviceAccounts.resourceVersion,
      };
      return { pod, verdict, versions };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reconsider() {
      tell(pods.values());
    },
  };
}

function namespaceKey(name: string): string {
  return `Namespace ${name}`;
}

function serviceAccountKey(namespace: string, name: string): string {
  return `ServiceAccount ${namespace}/${name}`;
}
