import { textFacts, textTable } from '@rolegate/runtime';
import type { PermittingNamespace, RoleExplanation } from './explain-role.ts';

/** Longer entries are cut. Characters. */
const LONGEST_SHOWN = 100;

/** The explanation for people: the settings, then a row for each entry that permits the role. */
export function roleExplanationText(it: RoleExplanation): string {
  const { settings, namespaces, leftOut } = it;
  return [
    textFacts([
      ['role', it.role],
      ['ceiling', ceilingText(it)],
      ['namespace policy', policyText(settings.namespacePolicy)],
      ['default role', it.isDefaultRole ? 'YES: of all Namespaces without their own' : undefined],
      ['synced', it.synced ? undefined : 'NO: the cluster has not been read yet'],
      [
        'left out',
        leftOut === 0 ? undefined : `${leftOut} NAMESPACES: there are too many, or their rules take long`,
      ],
    ]),
    namespaces.length === 0
      ? 'no Namespace permits it\n'
      : textTable(['NAMESPACE', 'PODS', 'ANNOTATION', 'ENTRY', ''], namespaces.flatMap(rowsOf)),
  ].join('\n');
}

function ceilingText({ insideCeiling, settings: { roleCeiling } }: RoleExplanation): string {
  const ceiling = roleCeiling.join(', ') || "the base ARN's account";
  if (insideCeiling === undefined) return `${ceiling}: NOT KNOWN YET`;
  return insideCeiling ? ceiling : `${ceiling}: the role is OUTSIDE it, so no Pod gets it`;
}

function policyText(policy: string): string {
  return policy === 'audit' ? 'audit: PERMITTED IN ALL NAMESPACES if it is inside the ceiling' : policy;
}

function rowsOf({ namespace, rules, isDefaultRole, pods }: PermittingNamespace) {
  return rules.map(({ annotation, entry, exact }) => [
    namespace,
    pods === undefined ? 'not counted' : String(pods),
    annotation,
    entry.length > LONGEST_SHOWN ? `${entry.slice(0, LONGEST_SHOWN)}…` : entry,
    [
      exact ? 'only this role' : 'this and maybe other roles',
      ...(isDefaultRole ? ['default role'] : []),
    ].join(', '),
  ]);
}
