import { inputsDiffer } from '@rolegate/protocol';
import type { KnownPod } from './known-pod.ts';

/**
 * The Pod as `next` describes it, but with its former decision if the new one is pending and no input of the former one is
 * known to have changed: a server that has just started takes nothing away (DESIGN.md 4.2).
 */
export function withFormerDecision(former: KnownPod, next: KnownPod): KnownPod {
  const { decision, inputs, metadata } = former;
  if (next.decision.kind !== 'pending' || next.decision.withdraws === true) return next;
  if (decision.kind === 'pending') return next;
  // Older servers do not send a decision's inputs.
  if (inputs !== undefined && next.inputs !== undefined && inputsDiffer(inputs, next.inputs)) return next;
  const namespaceSeen = next.inputs !== undefined && next.inputs.namespace !== 'unseen';
  return {
    ...next,
    decision,
    metadata: namespaceSeen || next.metadata.denied ? next.metadata : metadata,
    ...(inputs && { inputs }),
  };
}
