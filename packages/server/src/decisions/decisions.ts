import type { DecisionInputs, ResourceVersions } from '@rolegate/protocol';
import { BUG_HINT, createListeners, createLogLimiter, describeError, silentLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { Policy, Verdict } from '../policy/decide.ts';
import { createConcernedPods } from './concerned-pods.ts';
import { followChanges, followDoubts } from './follow-changes.ts';
import { createDigests } from './inputs.ts';
import { createSituations } from './situations.ts';
import type { Situation } from './situations.ts';
import { createTurns } from './turns.ts';
import { createVerdicts } from './verdicts.ts';

/** The most lines about failed decisions of one Namespace in this time. Milliseconds. */
const FAILURES = { lines: 5, windowMs: 60_000 };
const HINT = `The Pod keeps its previous decision. ${BUG_HINT}`;

export interface DecidedPod {
  readonly pod: Pod;
  readonly verdict: Verdict;
  /** resourceVersions of the objects used; for a missing object, that of its watch. */
  readonly versions: Required<ResourceVersions>;
  /** Digests of what the decision read. */
  readonly inputs: DecisionInputs;
}

export interface Decisions {
  /** Makes a new decision if something that it reads has changed; otherwise returns the last one. */
  decide(pod: Pod): DecidedPod;
  /** Returns a pending decision; the caller queues the Pod by `look`. Agents keep an earlier decision. */
  postpone(pod: Pod): DecidedPod;
  /** The last decision, with the newest versions; undefined if one of its objects has changed since. */
  recall(uid: string): DecidedPod | undefined;
  /**
   * Calls the listener for Pods whose decision, or other fields that agents get, may have changed: each in its Namespace's
   * turn, with its latest state. The returned function removes the listener.
   */
  onChange(listener: (pods: Iterable<Pod>) => void): () => void;
  /** Calls the listeners for the Pod when its Namespace's turn comes. */
  readonly look: (uid: string) => void;
  /** Decides all Pods again, after the base ARN was detected. */
  reconsider(): void;
  /** Decisions made since the start. */
  readonly made: number;
  /** Namespaces whose Pods wait for their turn. */
  readonly waiting: number;
}

export interface DecisionsDeps {
  readonly cluster: Pick<Cluster, 'pods' | 'namespaces' | 'serviceAccounts'>;
  readonly policy: Pick<Policy, 'decide'>;
  readonly clock: Clock;
  readonly log?: Log;
  readonly memory?: ServerMemory;
  /** Whether the node's agent serves container credentials. When that changes, its Pods must be queued by `look`. */
  readonly serves?: (node: string) => boolean;
  /** Calls after the event loop has polled its sockets. */
  readonly defer?: (call: () => void) => void;
}

const UNDECIDED: Verdict = {
  decision: { kind: 'pending', waitsFor: 'its turn for a decision' },
  metadata: { denied: false },
};
const NOTHING_SEEN: DecisionInputs = { pod: 'unseen', namespace: 'unseen', serviceAccount: 'unseen' };

/** Applies the policy to the cluster's objects, and finds the Pods that a changed object affects (docs/adr/0012). */
export function createDecisions(deps: DecisionsDeps): Decisions {
  const {
    cluster,
    policy,
    clock,
    memory,
    log = silentLog,
    defer = setImmediate,
    serves = () => false,
  } = deps;
  const { pods } = cluster;
  const listeners = createListeners<[Pod]>({ failed: createFailureLog({ clock, log }) });
  const turns = createTurns<Pod>({
    defer,
    now: () => clock.monotonic(),
    run({ uid }) {
      // The latest state, not the one when it was marked.
      const pod = pods.get(uid);
      if (pod !== undefined) listeners.tell([pod]);
    },
  });
  const concerned = createConcernedPods(pods, turns);
  const digests = createDigests();
  const situations = createSituations({ cluster, digests, clock, memory, concerned, serves });
  const verdicts = createVerdicts({ policy, pods });
  followChanges({ cluster, concerned, digests, situations, forget: verdicts.forget });
  followDoubts({ cluster, concerned });

  function decided(pod: Pod, { versions, inputs }: Situation, verdict: Verdict): DecidedPod {
    return { pod, verdict: withDoubt(cluster, pod, verdict), versions, inputs };
  }

  return {
    decide(pod) {
      const situation = situations.of(pod);
      return decided(pod, situation, verdicts.known(pod, situation) ?? verdicts.make(pod, situation));
    },
    postpone(pod) {
      const { versions } = situations.of(pod);
      return { pod, verdict: UNDECIDED, versions, inputs: NOTHING_SEEN };
    },
    recall(uid) {
      const pod = pods.get(uid);
      if (pod === undefined) return undefined;
      const situation = situations.of(pod);
      const verdict = verdicts.known(pod, situation);
      return verdict && decided(pod, situation, verdict);
    },
    onChange: listeners.on,
    look: concerned.podByUid,
    reconsider() {
      verdicts.outdate();
      concerned.all();
    },
    get made() {
      return verdicts.made;
    },
    get waiting() {
      return turns.waiting();
    },
  };
}

/**
 * An allowed Pod is pending while an event of one of its objects could not be read: that event may have withdrawn the permit
 * (DESIGN.md 4.11). A denial is kept.
 */
function withDoubt(cluster: DecisionsDeps['cluster'], pod: Pod, verdict: Verdict): Verdict {
  if (verdict.decision.kind !== 'allow') return verdict;
  const waitsFor = doubtOf(cluster, pod);
  if (waitsFor === undefined) return verdict;
  return { ...verdict, decision: { kind: 'pending', waitsFor, withdraws: true } };
}

/** What must be read again before the Pod's objects are certain; undefined if nothing. */
function doubtOf({ pods, namespaces, serviceAccounts }: DecisionsDeps['cluster'], pod: Pod) {
  const { uid, namespace, name, serviceAccount } = pod;
  if (pods.isDoubted(uid))
    return `a new list of Pods, because an event of ${namespace}/${name} could not be read`;
  if (namespaces.isDoubted(namespace))
    return `a new list of Namespaces, because an event of ${namespace} could not be read`;
  if (!serviceAccounts.isDoubted(`${namespace}/${serviceAccount}`)) return undefined;
  return `a new list of ServiceAccounts, because an event of ${namespace}/${serviceAccount} could not be read`;
}

/** Logs failed decisions, which are bugs, with a limit for each Namespace. */
function createFailureLog({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
  const isWritten = createLogLimiter<string>({
    clock,
    lines: FAILURES.lines,
    windowMs: FAILURES.windowMs,
    ended: (leftOut, namespace, of) => {
      log.error('decision failure lines suppressed', {
        ...(of !== 'all' && { namespace }),
        leftOut,
        hint: HINT,
      });
    },
  });
  return (error: unknown, [{ namespace, name, uid }]: readonly [Pod]): void => {
    if (isWritten(namespace, '', namespace))
      log.error('cannot update decision of Pod', {
        namespace,
        pod: name,
        uid,
        error: describeError(error),
        hint: HINT,
      });
  };
}
