import type { Cluster } from '../kubernetes/cluster.ts';
import type { ApiObject } from '../kubernetes/objects/objects.ts';
import type { Change, Store } from '../kubernetes/objects/store.ts';
import type { ConcernedPods } from './concerned-pods.ts';
import { namespaceReadsSame, podReadsSame, agentsReadSame, serviceAccountReadsSame } from './inputs.ts';
import type { Digests } from './inputs.ts';
import type { Situations } from './situations.ts';

export interface FollowChangesDeps {
  readonly cluster: Pick<Cluster, 'pods' | 'namespaces' | 'serviceAccounts'>;
  readonly concerned: ConcernedPods;
  readonly digests: Digests;
  readonly situations: Situations;
  /** Called when the Pod was deleted. */
  readonly forget: (uid: string) => void;
}

/** Queues the Pods that a changed object affects (docs/adr/0012). */
export function followChanges(deps: FollowChangesDeps): void {
  const { concerned, digests, situations, forget } = deps;
  const { pods, namespaces, serviceAccounts } = deps.cluster;

  /** Whether Pods are affected. A list may have skipped states that another replica has decided on. */
  function concerns<T extends object>(change: Change<T>, readsSame: (a: T, b: T) => boolean): boolean {
    if (change.kind === 'removed' || change.previous === undefined) return true;
    if (!readsSame(change.previous, change.object)) return true;
    digests.carry(change.previous, change.object);
    return change.listed === true;
  }

  namespaces.onChange((change) => {
    const { name } = change.object;
    situations.changedNamespace(name);
    if (concerns(change, namespaceReadsSame)) concerned.ofNamespace(name);
  });
  serviceAccounts.onChange((change) => {
    const { namespace, name } = change.object;
    situations.changedServiceAccount(namespace, name);
    if (concerns(change, serviceAccountReadsSame)) concerned.ofServiceAccount(namespace, name);
  });
  pods.onChange((change) => {
    const { object } = change;
    if (change.kind === 'removed') {
      forget(object.uid);
      situations.forgetNeedsOf(object);
      return;
    }
    const isSameForAgents = change.previous !== undefined && agentsReadSame(change.previous, object);
    if (concerns(change, podReadsSame) || !isSameForAgents) concerned.pod(object);
  });
}

/** Queues the Pods whose objects became doubted or certain. */
export function followDoubts({ cluster, concerned }: Pick<FollowChangesDeps, 'cluster' | 'concerned'>): void {
  const whenDoubted = (store: Pick<Store<ApiObject>, 'onDoubt'>, look: (key: string) => void) => {
    store.onDoubt((doubted) => {
      if (doubted === 'all') concerned.all();
      else doubted.forEach(look);
    });
  };
  whenDoubted(cluster.pods, concerned.podByUid);
  whenDoubted(cluster.namespaces, concerned.ofNamespace);
  whenDoubted(cluster.serviceAccounts, (key) => {
    const [namespace = '', name = ''] = key.split('/');
    concerned.ofServiceAccount(namespace, name);
  });
}
