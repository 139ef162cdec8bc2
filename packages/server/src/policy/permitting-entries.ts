import { annotation } from '../annotations/annotations.ts';
import { permittingPatterns } from './allowed-roles.ts';
import type { AllowedRoles } from './allowed-roles.ts';
import { alternativesOf, literalOf } from './alternatives.ts';
import { valueOf } from './annotation-text.ts';
import type { Annotations, Parsed } from './annotation-text.ts';
import type { Permits } from './permit.ts';
import { clip } from './quote.ts';
import { namesOfRole } from './role-arn.ts';

/** An entry of a Namespace's rules that permits a role. */
export interface PermittingEntry {
  readonly annotation: string;
  /** The alternative of the expression, or all of it; or the pattern of the list. */
  readonly entry: string;
  /** It permits no other role, so it can be removed without taking a role from others. */
  readonly exact: boolean;
}

/** Of a Namespace. */
interface Rules {
  readonly annotations: Annotations;
  readonly baseArn: string | undefined;
}

/** How the rules are read and judged elsewhere, with their caches. */
interface RoleRules {
  readonly matches: Permits['matches'];
  readonly parseList: (text: string) => Parsed<AllowedRoles>;
}

/** All entries that permit the role, those of the expression first. The rules must permit it. */
export function permittingEntries(
  roleArn: string,
  { annotations, baseArn }: Rules,
  { matches, parseList }: RoleRules,
): readonly PermittingEntry[] {
  const expression = valueOf(annotations, annotation.permitted);
  const list = valueOf(annotations, annotation.allowedRoles);
  const parsed = typeof list === 'string' ? parseList(list) : undefined;
  const patterns =
    parsed === undefined || 'fault' in parsed ? [] : permittingPatterns(parsed.value, roleArn, baseArn);
  return [
    ...(typeof expression === 'string'
      ? permittingAlternatives(expression, namesOfRole(roleArn, baseArn), matches)
      : []),
    ...patterns.map(({ pattern, exact }) => ({
      annotation: annotation.allowedRoles,
      entry: clip(pattern),
      exact,
    })),
  ];
}

/** Each alternative that is one of the names, and the whole expression if the others permit the role too. */
function permittingAlternatives(
  expression: string,
  names: readonly string[],
  matches: RoleRules['matches'],
): readonly PermittingEntry[] {
  const isName = (alternative: string) => names.includes(literalOf(alternative) ?? '');
  const alternatives = alternativesOf(expression);
  const others = alternatives.filter((alternative) => !isName(alternative));
  // Unchanged without exact ones, so that its verdict is cached.
  const matched = others.length === 0 ? { value: false } : matches(others.join('|'), names);
  return [
    ...alternatives.filter(isName).map((entry) => ({ entry, exact: true })),
    ...('value' in matched && matched.value ? [{ entry: expression, exact: false }] : []),
  ].map(({ entry, exact }) => ({ annotation: annotation.permitted, entry: clip(entry), exact }));
}
