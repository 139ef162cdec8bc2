import type { DecisionInputs, ResourceVersions } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { Presence, Subject } from '../policy/decide.ts';
import { closesMetadata } from '../policy/metadata-access.ts';
import type { ConcernedPods } from './concerned-pods.ts';
import { onServingNode } from './inputs.ts';
import type { Digests } from './inputs.ts';
import { createMissing } from './missing.ts';

/** The objects that a decision on a Pod reads. */
export interface Situation {
  readonly presence: Pick<Subject, 'namespace' | 'serviceAccount' | 'servesContainerCredentials'>;
  readonly versions: Required<ResourceVersions>;
  readonly inputs: DecisionInputs;
}

export interface Situations {
  /** The current situation. A missing object is remembered as missing since now. */
  readonly of: (pod: Pod) => Situation;
  /** It was created, or deleted: a deleted one is waited for as if it had never been seen. */
  readonly changedNamespace: (name: string) => void;
  readonly changedServiceAccount: (namespace: string, name: string) => void;
  /** The Pod was deleted: forgets the missing objects that only it needed. */
  readonly forgetNeedsOf: (pod: Pod) => void;
}

export interface SituationsDeps {
  readonly cluster: Pick<Cluster, 'pods' | 'namespaces' | 'serviceAccounts'>;
  readonly digests: Digests;
  readonly clock: Clock;
  readonly memory?: ServerMemory | undefined;
  /** Called when missing objects become absent, to evaluate their Pods. */
  readonly concerned: Pick<ConcernedPods, 'ofNamespace' | 'ofServiceAccount'>;
  /** Whether the node's agent serves container credentials. */
  readonly serves: (node: string) => boolean;
}

/** Looks up the objects that decisions on Pods read. */
export function createSituations(deps: SituationsDeps): Situations {
  const { cluster, digests, concerned, serves } = deps;
  const { pods, namespaces, serviceAccounts } = cluster;
  const missing = createMissing(deps);

  /** 'unseen' for the first 10 s, after which `again` is called. */
  function missed(key: string, namespace: string, again: () => void): 'absent' | 'unseen' {
    return missing.absent(key, namespace, again) ? 'absent' : 'unseen';
  }

  function namespaceOf({ namespace: name }: Pod) {
    return (
      namespaces.get(name) ??
      missed(namespaceKey(name), name, () => {
        concerned.ofNamespace(name);
      })
    );
  }

  function serviceAccountOf({ namespace, serviceAccount: name }: Pod) {
    return (
      serviceAccounts.get(`${namespace}/${name}`) ??
      missed(serviceAccountKey(namespace, name), namespace, () => {
        concerned.ofServiceAccount(namespace, name);
      })
    );
  }

  return {
    of(pod) {
      const namespace = namespaceOf(pod);
      const serviceAccount = serviceAccountOf(pod);
      const versions = {
        pod: pod.resourceVersion,
        namespace: versionOf(namespace, namespaces),
        serviceAccount: versionOf(serviceAccount, serviceAccounts),
      };
      const inputs = {
        pod: digests.ofPod(pod),
        namespace: inputOf(namespace, digests.ofNamespace),
        serviceAccount: inputOf(serviceAccount, digests.ofServiceAccount),
      };
      if (!serves(pod.nodeName)) return { presence: { namespace, serviceAccount }, versions, inputs };
      const presence = { namespace, serviceAccount, servesContainerCredentials: true };
      return { presence, versions, inputs: servedInputs(inputs, pod, namespace) };
    },
    changedNamespace(name) {
      missing.forget(namespaceKey(name));
    },
    changedServiceAccount(namespace, name) {
      missing.forget(serviceAccountKey(namespace, name));
    },
    forgetNeedsOf({ namespace, serviceAccount: name }) {
      const key = namespaceKey(namespace);
      if (missing.has(key) && pods.inNamespace(namespace).length === 0) missing.forget(key);
      const account = serviceAccountKey(namespace, name);
      if (missing.has(account) && pods.ofServiceAccount(namespace, name).length === 0)
        missing.forget(account);
    },
  };
}

/**
 * Only the inputs differ that lead to another decision, so that all other decisions stay what they are when an agent begins to
 * serve container credentials.
 */
function servedInputs(inputs: DecisionInputs, pod: Pod, namespace: Presence): DecisionInputs {
  const differs = pod.hostNetwork || closesMetadata(pod.annotations);
  const namespaceDiffers = typeof namespace !== 'string' && closesMetadata(namespace.annotations);
  return {
    ...inputs,
    ...(differs && { pod: onServingNode(inputs.pod) }),
    ...(namespaceDiffers && { namespace: onServingNode(inputs.namespace) }),
  };
}

/** For a missing object, the resourceVersion of its watch. */
function versionOf(
  object: { readonly resourceVersion: string } | string,
  watch: { readonly resourceVersion: string },
): string {
  return typeof object === 'string' ? watch.resourceVersion : object.resourceVersion;
}

/** For a missing object, 'absent' or 'unseen'. */
function inputOf<T extends object>(object: T | 'absent' | 'unseen', digestOf: (object: T) => string): string {
  return typeof object === 'string' ? object : digestOf(object);
}

function namespaceKey(name: string): string {
  return `Namespace ${name}`;
}

function serviceAccountKey(namespace: string, name: string): string {
  return `ServiceAccount ${namespace}/${name}`;
}
