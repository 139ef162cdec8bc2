import { namesText } from '../names-text.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import type { PermitStep } from './permits.ts';

/** `roles.namespacePolicy` of the server during the move. */
export interface NamespacePolicy {
  readonly policy: 'enforce' | 'audit';
  /** Two sentences or three for the page of the plan. */
  readonly why: string;
}

const MOST_NAMES = 20;

/**
 * A move must not open what the old system refuses, so permits are enforced from the start. Audit is left to clusters where that would
 * refuse what the old system allows, because it restricts no Namespace or reads an annotation that has to go only afterwards.
 */
export function namespacePolicyOf(rules: OldRules, steps: readonly PermitStep[]): NamespacePolicy {
  if (rules.kind === 'kube2iam' && rules.restrictions === 'off')
    return {
      policy: 'audit',
      why: 'For now, the server permits everything inside the ceiling (`roles.namespacePolicy: audit`), as kube2iam does without `--namespace-restrictions`, and logs what it would refuse. `finish.sh` enforces permits.',
    };
  const waiting = [...new Set(steps.filter(({ when }) => when === 'finish').map((step) => step.namespace))];
  if (waiting.length > 0)
    return {
      policy: 'audit',
      why: `For now, the server permits everything inside the ceiling (\`roles.namespacePolicy: audit\`), also what ${rules.kind} refuses: Rolegate does not accept the annotation that is still needed in ${namesText(waiting.slice(0, MOST_NAMES), waiting.length)}. \`finish.sh\` removes it and enforces permits. If you replace it first (the report says by what) and make the plan again, permits are enforced from the start.`,
    };
  return {
    policy: 'enforce',
    why: `The server enforces permits from the start, as ${rules.kind} does. If Pods come with roles that no Pod had when this plan was made, make it again and run \`permits.sh\`.`,
  };
}
