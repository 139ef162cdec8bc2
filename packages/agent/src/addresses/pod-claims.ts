import type { AgentMemory } from '../memory/memory.ts';
import { MOST_REMEMBERED, REMEMBERED_MS } from './claim.ts';
import type { Claim } from './claim.ts';
import { BEFORE_ALL, compare } from './cni-files/learned.ts';
import type { Learned } from './cni-files/learned.ts';

export interface PodClaims {
  readonly newestOf: (pod: string) => Claim | undefined;
  /** The claim is now its Pod's newest. */
  readonly begin: (claim: Claim) => void;
  /** The file no longer says it. */
  readonly end: (claim: Claim) => void;
  /** The Pod had a result, learned of at `when`, until the runtime removed it. */
  readonly remember: (pod: string, when: Learned, namespace?: string) => void;
  /** Results of the Pod up to this one were removed. */
  readonly returnedAt: (pod: string) => Learned;
  /** The runtime removed the Pod's newest result. */
  readonly isReturned: (pod: string) => boolean;
  readonly returned: () => readonly string[];
}

export interface PodClaimsDeps {
  readonly memory: AgentMemory;
  /** True if the feed names the Pod (a UID, or namespace/name): what is known about it must not age. */
  readonly isNamed: (pod: string) => boolean;
  /** A remembered Pod was dropped: its results up to `when` are no longer known. */
  readonly dropped: (when: Learned) => void;
}

/** The newest claim of each Pod, and which Pods had one. */
export function createPodClaims({ memory, isNamed, dropped }: PodClaimsDeps): PodClaims {
  const newest = new Map<string, Claim>();
  const returned = memory.remember<Learned>('pods_returned', {
    keepMs: REMEMBERED_MS,
    most: MOST_REMEMBERED,
    stays: isNamed,
    dropped: (_, when) => {
      dropped(when);
    },
  });

  function returnedAt(pod: string): Learned {
    return returned.peek(pod) ?? BEFORE_ALL;
  }

  function remember(pod: string, when: Learned, namespace = ''): void {
    const before = returnedAt(pod);
    returned.set(pod, compare(before, when) < 0 ? when : before, namespace);
  }

  return {
    newestOf: (pod) => newest.get(pod),
    begin(claim) {
      if (claim.pod !== undefined) newest.set(claim.pod, claim);
    },
    end(claim) {
      const { pod, learned, result } = claim;
      if (pod === undefined || newest.get(pod) !== claim) return;
      newest.delete(pod);
      remember(pod, learned, result.namespace);
    },
    remember,
    returnedAt,
    isReturned: (pod) => returned.peek(pod) !== undefined,
    returned: () => returned.entries().map(([pod]) => pod),
  };
}
