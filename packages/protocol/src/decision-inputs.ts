import type { DecisionInputs__Output } from './generated/rolegate/v1/DecisionInputs.ts';

/** Digests of what a decision reads of each object; `absent` for one that does not exist, `unseen` for one not seen (yet). */
export type DecisionInputs = Readonly<DecisionInputs__Output>;

/** Whether an object has changed since, as far as that is known: `unseen` differs from nothing. */
export function inputsDiffer(former: DecisionInputs, now: DecisionInputs): boolean {
  return (['pod', 'namespace', 'serviceAccount'] as const).some(
    (object) => now[object] !== 'unseen' && now[object] !== former[object],
  );
}
