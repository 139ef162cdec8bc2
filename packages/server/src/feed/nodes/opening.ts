import type { Clock } from '@rolegate/runtime';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import type { CachedById } from './node-sessions.ts';

/** Time for deciding a node's Pods in one go, for one Namespace and in all; the remaining Pods get turns. Milliseconds. */
const BATCH_MS = { namespace: 5, all: 20 };
/** An agent waits for 30 s until its stream is synced. Milliseconds. */
const LONGEST_MS = 10_000;

export interface OpeningDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly decide: (pod: Pod, cached: CachedById) => void;
  /** Decides one of the remaining Pods and updates the streams. */
  readonly tell: (pod: Pod) => void;
  /** Sends the Pod as pending, because the opening takes too long. */
  readonly postpone: (pod: Pod) => void;
}

/** The first decisions on a node's Pods when its agent connects: there may be hundreds, some of them slow to decide. */
export interface Opening {
  /** Decides as many Pods as time allows. */
  readonly begin: (pods: Iterable<Pod>, cached: CachedById) => void;
  /** The argument of `begin`, until all Pods are decided. */
  readonly cached: () => CachedById | undefined;
  /** Decides the remaining Pods, one a step. */
  readonly steps: () => Iterable<() => void>;
  /** Calls once all Pods are decided. */
  readonly whenOver: (call: () => void) => void;
  /** The Pod was decided for another reason, or deleted. */
  readonly leave: (uid: string) => void;
}

export function createOpening({ clock, decide, tell, postpone }: OpeningDeps): Opening {
  const rest = new Map<string, Pod>();
  const waiting = new Set<() => void>();
  let cached: CachedById | undefined;
  let beganMs = 0;

  function decideBatch(pods: Iterable<Pod>, cachedById: CachedById): void {
    const spentMs = new Map<string, number>();
    for (const pod of byNamespaceInTurn(pods)) {
      const beforeMs = clock.monotonic();
      const ofNamespaceMs = spentMs.get(pod.namespace) ?? 0;
      if (beforeMs - beganMs >= BATCH_MS.all || ofNamespaceMs >= BATCH_MS.namespace) {
        rest.set(pod.uid, pod);
        continue;
      }
      decide(pod, cachedById);
      spentMs.set(pod.namespace, ofNamespaceMs + clock.monotonic() - beforeMs);
    }
  }

  function takeOne(pod: Pod): void {
    if (!rest.delete(pod.uid)) return;
    if (clock.monotonic() - beganMs < LONGEST_MS) tell(pod);
    else postpone(pod);
  }

  function end(): void {
    cached = undefined;
    for (const call of waiting) call();
    waiting.clear();
  }

  return {
    begin(pods, cachedById) {
      beganMs = clock.monotonic();
      decideBatch(pods, cachedById);
      cached = rest.size > 0 ? cachedById : undefined;
    },
    cached: () => cached,
    *steps() {
      for (const pod of rest.values())
        yield () => {
          takeOne(pod);
        };
      yield end;
    },
    whenOver(call) {
      if (cached === undefined) call();
      else waiting.add(call);
    },
    leave: (uid) => rest.delete(uid),
  };
}

/** The first Pod of each Namespace, then the second of each, because one Namespace's Pods may be slow to decide. */
function* byNamespaceInTurn(pods: Iterable<Pod>): Generator<Pod> {
  const namespaces = new Map<string, Pod[]>();
  for (const pod of pods) {
    const known = namespaces.get(pod.namespace);
    if (known === undefined) namespaces.set(pod.namespace, [pod]);
    else known.push(pod);
  }
  for (let turn = 0; namespaces.size > 0; turn += 1)
    for (const [name, ofNamespace] of namespaces) {
      const pod = ofNamespace[turn];
      if (pod === undefined) namespaces.delete(name);
      else yield pod;
    }
}
