import { inputsDiffer } from '@rolegate/protocol';
import type { DecisionInputs } from '@rolegate/protocol';
import type { Verdict } from '../policy/decide.ts';

interface Made {
  readonly inputs: DecisionInputs;
  readonly verdict: Verdict;
}

/**
 * Whether a decision stands because a new one waits for something: nothing that it was made on has changed, as far as it
 * can be seen (DESIGN.md 4.2).
 */
export function stands(former: Made, { inputs, verdict }: Made): boolean {
  if (verdict.decision.kind !== 'pending' || former.verdict.decision.kind === 'pending') return false;
  return !inputsDiffer(former.inputs, inputs);
}
