import { isDeepStrictEqual } from 'node:util';
import { inputsDiffer } from '@rolegate/protocol';
import type { DecisionInputs } from '@rolegate/protocol';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { Policy, Verdict } from '../policy/decide.ts';
import type { Situation } from './situations.ts';

/** Remembers the policy's verdicts while their Pods exist. */
export interface Verdicts {
  /** The last verdict; undefined if something that it reads has changed since. */
  known(pod: Pod, situation: Situation): Verdict | undefined;
  /** A new verdict, or the last one if that is still in force. */
  make(pod: Pod, situation: Situation): Verdict;
  readonly forget: (uid: string) => void;
  /** Invalidates all verdicts, because the policy's settings changed. */
  outdate(): void;
  /** Decisions made since the start. */
  readonly made: number;
}

/** A verdict with the digests of its objects and the generation of the settings. */
interface Made {
  readonly inputs: DecisionInputs;
  readonly settings: number;
  readonly verdict: Verdict;
}

export interface VerdictsDeps {
  readonly policy: Pick<Policy, 'decide'>;
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
      if (former !== undefined && staysInForce(former, { inputs, verdict })) return former.verdict;
      // If the Pod has been deleted, nothing would remove the entry.
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

/** Whether the former verdict stays in force while a new one is pending: none of its known inputs changed (DESIGN.md 4.2). */
function staysInForce(
  former: Pick<Made, 'inputs' | 'verdict'>,
  { inputs, verdict }: Pick<Made, 'inputs' | 'verdict'>,
): boolean {
  if (verdict.decision.kind !== 'pending' || former.verdict.decision.kind === 'pending') return false;
  return !inputsDiffer(former.inputs, inputs);
}
