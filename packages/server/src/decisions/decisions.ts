import { isDeepStrictEqual } from 'node:util';
import type { DecisionInputs, ResourceVersions } from '@rolegate/protocol';
import { createListeners, silentLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { createDigests } from './digests.ts';
import { withDoubt } from './doubt.ts';
import { createFaultLog } from './fault-log.ts';
import { namespaceReadsSame, podReadsSame, podToldSame, serviceAccountReadsSame } from './inputs.ts';
import { createSituations } from './situations.ts';
import type { Situation } from './situations.ts';
import { stands } from './standing.ts';
import { createTurns } from './turns.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { ApiObject, Pod } from '../kubernetes/objects.ts';
import type { Change, Store } from '../kubernetes/store.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { Policy, Verdict } from '../policy/decide.ts';

export interface DecidedPod {
  readonly pod: Pod;
  readonly verdict: Verdict;
  /** Of the objects that it was decided on; of one that is missing, how far its watch has come. */
  readonly versions: Required<ResourceVersions>;
  /** Of what was read of them. */
  readonly inputs: DecisionInputs;
}

export interface Decisions {
  /** Makes a decision if something that it reads has changed since the last one; else returns that one. */
  decide(pod: Pod): DecidedPod;
  /** Says that the Pod waits for its turn, for which the caller asks by `look`. What was decided before stands. */
  postpone(pod: Pod): DecidedPod;
  /** The decision that was made, with the newest versions; undefined if one of its objects has changed since. */
  recall(uid: string): DecidedPod | undefined;
  /**
   * Calls for Pods whose decision, or what agents are told besides, may have changed: each in its Namespace's turn, with
   * its latest state. The returned function ends it.
   */
  onChange(listener: (pods: Iterable<Pod>) => void): () => void;
  /** Calls the listeners for the Pod when its Namespace's turn comes. */
  readonly look: (uid: string) => void;
  /** Decides all Pods again: the base ARN has been found. */
  reconsider(): void;
  /** Decisions made since the start. */
  readonly made: number;
  /** Namespaces whose Pods wait for their turn. */
  readonly waiting: number;
}

export interface DecisionsDeps {
  readonly cluster: Pick<Cluster, 'pods' | 'namespaces' | 'serviceAccounts'>;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly log?: Log;
  readonly memory?: ServerMemory;
  /** Calls once the event loop has looked at its sockets again. */
  readonly defer?: (call: () => void) => void;
}

/** A decision, and what it was made on: digests of its objects and the number of the settings. */
interface Made {
  readonly inputs: DecisionInputs;
  readonly settings: number;
  readonly verdict: Verdict;
}

const UNDECIDED: Verdict = {
  decision: { kind: 'pending', waitsFor: 'its turn to be decided' },
  metadata: { denied: false },
};
const NOTHING_SEEN: DecisionInputs = { pod: 'unseen', namespace: 'unseen', serviceAccount: 'unseen' };

/** Ties the cluster's objects to the policy, and says which Pods a changed object concerns (docs/adr/0012). */
export function createDecisions(deps: DecisionsDeps): Decisions {
  const { cluster, policy, clock, log = silentLog, defer = setImmediate } = deps;
  const { pods, namespaces, serviceAccounts } = cluster;
  const failed = createFaultLog({ clock, log });
  const listeners = createListeners<[Pod]>({
    failed(error, [pod]) {
      failed(pod, error);
    },
  });
  const digests = createDigests();
  const situations = createSituations({
    cluster,
    digests,
    clock,
    memory: deps.memory,
    lookAtNamespace: markNamespace,
    lookAtServiceAccount: markServiceAccount,
  });
  const remembered = new Map<string, Made>();
  let settings = 0;
  let made = 0;

  const turns = createTurns<Pod>({
    defer,
    now: () => clock.monotonic(),
    run({ uid }) {
      // Its latest state, not the one that it had when it was marked.
      const pod = pods.get(uid);
      if (pod !== undefined) listeners.tell([pod]);
    },
  });

  /** Whether Pods are concerned: a list may have left out states in which another replica decides otherwise. */
  function concerns<T extends object>(change: Change<T>, readsSame: (a: T, b: T) => boolean): boolean {
    if (change.kind === 'removed' || change.previous === undefined) return true;
    if (!readsSame(change.previous, change.object)) return true;
    digests.carry(change.previous, change.object);
    return change.listed === true;
  }

  namespaces.onChange((change) => {
    const { name } = change.object;
    situations.changedNamespace(name);
    if (concerns(change, namespaceReadsSame)) markNamespace(name);
  });
  serviceAccounts.onChange((change) => {
    const { namespace, name } = change.object;
    situations.changedServiceAccount(namespace, name);
    if (concerns(change, serviceAccountReadsSame)) markServiceAccount(namespace, name);
  });
  pods.onChange((change) => {
    const { object } = change;
    if (change.kind === 'removed') {
      remembered.delete(object.uid);
      situations.forgetNeedsOf(object);
      return;
    }
    const toldSame = change.previous !== undefined && podToldSame(change.previous, object);
    if (concerns(change, podReadsSame) || !toldSame) markPod(object);
  });

  whenDoubted(pods, look);
  whenDoubted(namespaces, markNamespace);
  whenDoubted(serviceAccounts, markNamed);

  function whenDoubted(store: Pick<Store<ApiObject>, 'onDoubt'>, mark: (key: string) => void): void {
    store.onDoubt((concerned) => {
      if (concerned === 'all') markAll();
      else concerned.forEach(mark);
    });
  }

  function markAll(): void {
    for (const name of new Set(pods.values().map(({ namespace }) => namespace))) markNamespace(name);
  }

  /** A ServiceAccount by `<namespace>/<name>`. */
  function markNamed(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    markServiceAccount(namespace, name);
  }

  function look(uid: string): void {
    const pod = pods.get(uid);
    if (pod !== undefined) markPod(pod);
  }

  function markPod(pod: Pod): void {
    turns.mark(pod.namespace, `Pod ${pod.uid}`, () => [pod]);
  }

  function markNamespace(name: string): void {
    turns.mark(name, 'Namespace', () => pods.inNamespace(name));
  }

  function markServiceAccount(namespace: string, name: string): void {
    turns.mark(namespace, `ServiceAccount ${name}`, () => pods.ofServiceAccount(namespace, name));
  }

  function verdictIn({ uid }: Pod, { inputs }: Situation): Verdict | undefined {
    const known = remembered.get(uid);
    if (known?.settings !== settings) return undefined;
    return isDeepStrictEqual(known.inputs, inputs) ? known.verdict : undefined;
  }

  function make(pod: Pod, { presence, inputs }: Situation): Verdict {
    made++;
    const verdict = policy.decide({ pod: { ...pod, node: pod.nodeName }, ...presence });
    const former = remembered.get(pod.uid);
    if (former !== undefined && stands(former, { inputs, verdict })) return former.verdict;
    // Of a Pod that has gone meanwhile nobody would forget it.
    if (pods.get(pod.uid) !== undefined) remembered.set(pod.uid, { inputs, settings, verdict });
    return verdict;
  }

  function decided(pod: Pod, { versions, inputs }: Situation, verdict: Verdict): DecidedPod {
    return { pod, verdict: withDoubt(cluster, pod, verdict), versions, inputs };
  }

  return {
    decide(pod) {
      const situation = situations.of(pod);
      return decided(pod, situation, verdictIn(pod, situation) ?? make(pod, situation));
    },
    postpone(pod) {
      const { versions } = situations.of(pod);
      return { pod, verdict: UNDECIDED, versions, inputs: NOTHING_SEEN };
    },
    recall(uid) {
      const pod = pods.get(uid);
      if (pod === undefined) return undefined;
      const situation = situations.of(pod);
      const verdict = verdictIn(pod, situation);
      return verdict && decided(pod, situation, verdict);
    },
    onChange: listeners.on,
    look,
    reconsider() {
      settings++;
      markAll();
    },
    get made() {
      return made;
    },
    get waiting() {
      return turns.waiting();
    },
  };
}
