import type { Cluster } from '../kubernetes/cluster.ts';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { Turns } from './turns.ts';

/** Queues Pods for evaluation in their Namespaces' turns: one, or all that an object affects. */
export interface ConcernedPods {
  readonly pod: (pod: Pod) => void;
  readonly podByUid: (uid: string) => void;
  readonly ofNamespace: (name: string) => void;
  readonly ofServiceAccount: (namespace: string, name: string) => void;
  readonly all: () => void;
}

/** The Pods that an object affects are looked up when their turn comes. */
export function createConcernedPods(
  pods: Cluster['pods'],
  { mark }: Pick<Turns<Pod>, 'mark'>,
): ConcernedPods {
  function ofPod(pod: Pod): void {
    mark(pod.namespace, `Pod ${pod.uid}`, () => [pod]);
  }

  function ofNamespace(name: string): void {
    mark(name, 'Namespace', () => pods.inNamespace(name));
  }

  return {
    pod: ofPod,
    podByUid(uid) {
      const pod = pods.get(uid);
      if (pod !== undefined) ofPod(pod);
    },
    ofNamespace,
    ofServiceAccount(namespace, name) {
      mark(namespace, `ServiceAccount ${name}`, () => pods.ofServiceAccount(namespace, name));
    },
    all() {
      for (const name of new Set(pods.values().map(({ namespace }) => namespace))) ofNamespace(name);
    },
  };
}
