import type { Clock } from '@rolegate/runtime';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import type { HeldById } from './node-sessions.ts';

/** What deciding the Pods of a node may take at once, of one Namespace and in all; the rest get their turns one by one. */
const AT_ONCE_MS = { namespace: 5, all: 20 };
/** An agent waits for 30 s until it knows that it has been told everything. Milliseconds. */
const LONGEST_MS = 10_000;

export interface OpeningDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly decide: (pod: Pod, held: HeldById) => void;
  /** It is one of the rest, and streams are there to be told. */
  readonly tell: (pod: Pod) => void;
  /** The rest takes too long: the Pod gets its turn later. */
  readonly postpone: (pod: Pod) => void;
}

/** The first look at the Pods of a node: an agent may have connected to hundreds, some of which take long to decide. */
export interface Opening {
  /** Decides what can be decided at once. */
  readonly begin: (pods: Iterable<Pod>, held: HeldById) => void;
  /** As `begin` was told, until all Pods are decided. */
  readonly held: () => HeldById | undefined;
  /** Decides the rest, a Pod a step. */
  readonly steps: () => Iterable<() => void>;
  /** Calls when all Pods are decided, at once if they are. */
  readonly whenOver: (call: () => void) => void;
  /** The Pod has been decided for another reason, or has gone. */
  readonly leave: (uid: string) => void;
}

export function createOpening({ clock, decide, tell, postpone }: OpeningDeps): Opening {
  const rest = new Map<string, Pod>();
  const waiting = new Set<() => void>();
  let held: HeldById | undefined;
  let beganMs = 0;

  function decideAtOnce(pods: Iterable<Pod>, heldById: HeldById): void {
    const spentMs = new Map<string, number>();
    for (const pod of byNamespaceInTurn(pods)) {
      const beforeMs = clock.monotonic();
      const ofNamespaceMs = spentMs.get(pod.namespace) ?? 0;
      if (beforeMs - beganMs >= AT_ONCE_MS.all || ofNamespaceMs >= AT_ONCE_MS.namespace) {
        rest.set(pod.uid, pod);
        continue;
      }
      decide(pod, heldById);
      spentMs.set(pod.namespace, ofNamespaceMs + clock.monotonic() - beforeMs);
    }
  }

  function takeOne(pod: Pod): void {
    if (!rest.delete(pod.uid)) return;
    if (clock.monotonic() - beganMs < LONGEST_MS) tell(pod);
    else postpone(pod);
  }

  function end(): void {
    held = undefined;
    for (const call of waiting) call();
    waiting.clear();
  }

  return {
    begin(pods, heldById) {
      beganMs = clock.monotonic();
      decideAtOnce(pods, heldById);
      held = rest.size > 0 ? heldById : undefined;
    },
    held: () => held,
    *steps() {
      for (const pod of rest.values())
        yield () => {
          takeOne(pod);
        };
      yield end;
    },
    whenOver(call) {
      if (held === undefined) call();
      else waiting.add(call);
    },
    leave: (uid) => rest.delete(uid),
  };
}

/** The first Pod of each Namespace, then the second of each: one Namespace's Pods may take long to decide. */
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
