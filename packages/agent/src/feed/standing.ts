import type { DecisionInputs, KnownPod } from './known-pod.ts';

/**
 * The Pod as `next` describes it, but with its former decision if the new one waits for something and nothing that the
 * former one was made on is known to have changed: a server that has just started takes nothing away (DESIGN.md 4.2).
 */
export function withStanding(former: KnownPod, next: KnownPod): KnownPod {
  const { decision, inputs, metadata } = former;
  if (next.decision.kind !== 'pending' || next.decision.withdraws === true) return next;
  if (decision.kind === 'pending' || differ(inputs, next.inputs)) return next;
  const namespaceSeen = next.inputs !== undefined && next.inputs.namespace !== 'unseen';
  return {
    ...next,
    decision,
    metadata: namespaceSeen || next.metadata.denied ? next.metadata : metadata,
    ...(inputs && { inputs }),
  };
}

function differ(former: DecisionInputs | undefined, next: DecisionInputs | undefined): boolean {
  if (former === undefined || next === undefined) return false;
  return (['pod', 'namespace', 'serviceAccount'] as const).some(
    (object) => next[object] !== 'unseen' && next[object] !== former[object],
  );
}
