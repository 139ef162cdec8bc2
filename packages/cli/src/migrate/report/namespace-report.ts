import { annotation } from '@rolegate/server';
import type { Policy } from '@rolegate/server';
import { namespaceFault } from '../new-verdict.ts';
import { hasOpenAlternatives } from '../old-rules/alternatives.ts';
import { permitsInstead } from '../old-rules/instead.ts';
import { keysOf } from '../old-rules/old-system.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import type { Annotations } from './judge.ts';
import type { NamespaceReport } from './report.ts';
import type { NamespaceTally } from './tally.ts';

export interface NamespaceReportDeps {
  readonly rules: OldRules;
  readonly policy: Policy;
  readonly baseArn: string;
}

/** Completes what was counted of a Namespace with what its own annotations mean. */
export function namespaceReport(
  tally: NamespaceTally,
  annotations: Annotations,
  { rules, policy, baseArn }: NamespaceReportDeps,
): NamespaceReport {
  const why = namespaceFault(policy, tally.name, annotations);
  const permits = annotations[keysOf(rules).permits];
  const isLoose = rules.kind === 'kiam' && rules.strict && permits !== undefined;
  return {
    ...tally,
    permits: permitsOf(annotations),
    ...(why !== undefined && { fault: { why, instead: insteadText(permits, tally.roles, rules, baseArn) } }),
    openAlternatives: isLoose && hasOpenAlternatives(permits),
  };
}

/** Whether there is something to say about it. */
export function isNotable(namespace: NamespaceReport): boolean {
  const { groups, ungrouped, fault, openAlternatives, withExternalId, withSessionName } = namespace;
  const counts = groups.length + ungrouped + withExternalId + withSessionName;
  return counts > 0 || fault !== undefined || openAlternatives;
}

function permitsOf(annotations: Annotations): NamespaceReport['permits'] {
  const expression = (annotations[annotation.permitted] ?? '').trim() !== '';
  const list = (annotations[annotation.allowedRoles] ?? '').trim() !== '';
  return expression && list ? 'both' : expression ? 'expression' : list ? 'list' : 'none';
}

function insteadText(
  permits: string | undefined,
  roles: readonly string[],
  rules: OldRules,
  baseArn: string,
): string {
  const { list, isSame } = permitsInstead(rules, permits, roles, baseArn);
  if (list.length === 0) return 'remove the annotation: none of its Pods has a role';
  const annotated = `${annotation.allowedRoles}: ${JSON.stringify(list)}`;
  return isSame ? `the same as globs: ${annotated}` : `the roles that its Pods have: ${annotated}`;
}
