import type { ResourceVersions } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { Presence } from '../policy/decide.ts';
import { createMissing } from './missing.ts';
import type { States } from './states.ts';

/** The number of an object's state, or what is known of one that is not there. */
type Seen = number | 'absent' | 'unseen';

/** The objects that a decision on a Pod reads. */
export interface Situation {
  readonly presence: { readonly namespace: Presence; readonly serviceAccount: Presence };
  readonly versions: Required<ResourceVersions>;
  readonly seen: readonly [pod: number, namespace: Seen, serviceAccount: Seen];
}

export interface Situations {
  /** As things are now. An object that is not there is missed from now on. */
  readonly of: (pod: Pod) => Situation;
  /** It is there, or it has just gone and may come again: then it is waited for as if it had never been seen. */
  readonly changedNamespace: (name: string) => void;
  readonly changedServiceAccount: (namespace: string, name: string) => void;
  /** The Pod has gone: nobody asks for what only this Pod was missing. */
  readonly forgetNeedsOf: (pod: Pod) => void;
}

export interface SituationsDeps {
  readonly cluster: Pick<Cluster, 'pods' | 'namespaces' | 'serviceAccounts'>;
  readonly states: States;
  readonly clock: Clock;
  /** Missing objects count as absent from now on: their Pods are to be looked at. */
  readonly lookAtNamespace: (name: string) => void;
  readonly lookAtServiceAccount: (namespace: string, name: string) => void;
}

/** What the watches say of the objects that Pods need. */
export function createSituations(deps: SituationsDeps): Situations {
  const { states, clock, lookAtNamespace, lookAtServiceAccount } = deps;
  const { pods, namespaces, serviceAccounts } = deps.cluster;
  const missing = createMissing(clock);

  /** 'unseen' for the first ten seconds, with a second look when they are over. */
  function presenceOf(key: string, found: Presence | undefined, again: () => void): Presence {
    if (found !== undefined) return found;
    return missing.absent(key, again) ? 'absent' : 'unseen';
  }

  function seen(presence: Presence): Seen {
    return typeof presence === 'string' ? presence : states.of(presence);
  }

  return {
    of(pod) {
      const { namespace: name, serviceAccount: account } = pod;
      const namespace = namespaces.get(name);
      const serviceAccount = serviceAccounts.get(`${name}/${account}`);
      const presence = {
        namespace: presenceOf(namespaceKey(name), namespace, () => {
          lookAtNamespace(name);
        }),
        serviceAccount: presenceOf(serviceAccountKey(name, account), serviceAccount, () => {
          lookAtServiceAccount(name, account);
        }),
      };
      return {
        presence,
        versions: {
          pod: pod.resourceVersion,
          namespace: namespace?.resourceVersion ?? namespaces.resourceVersion,
          serviceAccount: serviceAccount?.resourceVersion ?? serviceAccounts.resourceVersion,
        },
        seen: [states.of(pod), seen(presence.namespace), seen(presence.serviceAccount)],
      };
    },
    changedNamespace(name) {
      missing.forget(namespaceKey(name));
    },
    changedServiceAccount(namespace, name) {
      missing.forget(serviceAccountKey(namespace, name));
    },
    forgetNeedsOf({ namespace, serviceAccount }) {
      const key = namespaceKey(namespace);
      if (missing.has(key) && pods.inNamespace(namespace).length === 0) missing.forget(key);
      const account = serviceAccountKey(namespace, serviceAccount);
      if (missing.has(account) && pods.ofServiceAccount(namespace, serviceAccount).length === 0)
        missing.forget(account);
    },
  };
}

function namespaceKey(name: string): string {
  return `Namespace ${name}`;
}

function serviceAccountKey(namespace: string, name: string): string {
  return `ServiceAccount ${namespace}/${name}`;
}
