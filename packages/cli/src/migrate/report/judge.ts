import type { Policy } from '@rolegate/server';
import { newVerdict } from '../new-verdict.ts';
import { keysOf } from '../old-rules/old-system.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import { oldVerdict } from '../old-rules/old-verdict.ts';
import { changeOf } from './change.ts';
import type { Change } from './change.ts';
import type { PodFacts } from './pod-facts.ts';

export type Annotations = Readonly<Record<string, string>>;

export interface JudgeDeps {
  readonly rules: OldRules;
  readonly policy: Policy;
  /** The annotations of a Namespace; undefined if it is not known. */
  readonly namespace: (name: string) => Annotations | undefined;
  /** The annotations of a ServiceAccount; undefined if it has none that is read. */
  readonly serviceAccount: (namespace: string, name: string) => Annotations | undefined;
}

export interface Judged {
  /** The role that the old system gives the Pod. */
  readonly hasNow: string | undefined;
  readonly change: Change | undefined;
}

/** Compares what the old system and Rolegate give a Pod. */
export function createJudge({ rules, policy, namespace, serviceAccount }: JudgeDeps) {
  const keys = keysOf(rules);
  return (pod: PodFacts): Judged => {
    const namespaceAnnotations = namespace(pod.namespace) ?? {};
    const role = pod.annotations[keys.role];
    const old = oldVerdict(rules, {
      role,
      permits: namespaceAnnotations[keys.permits],
      hostNetwork: pod.hostNetwork,
    });
    const ours = newVerdict(policy, {
      ...pod,
      namespaceAnnotations,
      serviceAccountAnnotations: serviceAccount(pod.namespace, pod.serviceAccount) ?? {},
    });
    return {
      hasNow: old.kind === 'role' ? old.roleArn : undefined,
      change: changeOf(role?.trim() ?? '', old, ours, pod.hostNetwork),
    };
  };
}
