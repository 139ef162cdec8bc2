import { isDeepStrictEqual } from 'node:util';
import { inputsDiffer } from '@rolegate/protocol';
import type { DecisionInputs } from '@rolegate/protocol';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { Policy, Verdict } from '../policy/decide.ts';
import type { Situation } from './situations.ts';

/** The verdicts that the policy has given, each for as long as its Pod is there. */
export interface Verdicts {
  /** That of the last decision; undefined if something that it reads has changed since. */
  known(pod: Pod, situation: Situation): Verdict | undefined;
  /** That of a new decision, or of the last one if it stands. */
  make(pod: Pod, situation: Situation): Verdict;
  readonly forget: (uid: string) => void;
  /** None is known from now on: the policy's settings have changed. */
  outdate(): void;
  /** Decisions made since the start. */
  readonly made: number;
}

/** A decision, and what it was made on: digests of its objects and the number of the settings. */
interface Made {
  readonly inputs: DecisionInputs;
  readonly settings: number;
  readonly verdict: Verdict;
}

export interface VerdictsDeps {
  readonly policy: Policy;
  readonly pods: Pick<PodIndex, 'get'>;
}

export function createVerdicts({ policy, pods }: VerdictsDeps): Verdicts {
  const remembered = new Map<string, Made>();
  let settings = 0;
  let made = 0;
  return {
    known({ uid }, { inputs }) {
      const last = remembered.get(uid);
      if (last?.settings !== settings) return undefined;
      return isDeepStrictEqual(last.inputs, inputs) ? last.verdict : undefined;
    },
    make(pod, { presence, inputs }) {
      made++;
      const verdict = policy.decide({ pod: { ...pod, node: pod.nodeName }, ...presence });
      const former = remembered.get(pod.uid);
      if (former !== undefined && stands(former, { inputs, verdict })) return former.verdict;
      // Of a Pod that has gone meanwhile nobody would forget it.
      if (pods.get(pod.uid) !== undefined) remembered.set(pod.uid, { inputs, settings, verdict });
      return verdict;
    },
    forget(uid) {
      remembered.delete(uid);
    },
    outdate() {
      settings++;
    },
    get made() {
      return made;
    },
  };
}

/**
 * Whether a decision stands because a new one waits for something: nothing that it was made on has changed, as far as it
 * can be seen (DESIGN.md 4.2).
 */
function stands(
  former: Pick<Made, 'inputs' | 'verdict'>,
  { inputs, verdict }: Pick<Made, 'inputs' | 'verdict'>,
): boolean {
  if (verdict.decision.kind !== 'pending' || former.verdict.decision.kind === 'pending') return false;
  return !inputsDiffer(former.inputs, inputs);
}
