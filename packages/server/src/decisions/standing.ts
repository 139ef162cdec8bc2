import type { Verdict } from '../policy/decide.ts';
import type { Seen } from './situations.ts';

interface Made {
  readonly seen: Seen;
  readonly verdict: Verdict;
}

export function sawSame(a: Seen, b: Seen): boolean {
  return a.pod === b.pod && a.namespace === b.namespace && a.serviceAccount === b.serviceAccount;
}

/**
 * Whether a decision stands because a new one waits for something: nothing that it was made on has changed, as far as it
 * can be seen (DESIGN.md 4.2).
 */
export function stands(former: Made, { seen, verdict }: Made): boolean {
  if (verdict.decision.kind !== 'pending' || former.verdict.decision.kind === 'pending') return false;
  return (['pod', 'namespace', 'serviceAccount'] as const).every(
    (object) => seen[object] === former.seen[object] || seen[object] === 'unseen',
  );
}
