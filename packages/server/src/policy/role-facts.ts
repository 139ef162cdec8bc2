import { annotation } from '../annotations/annotations.ts';
import { optional } from './annotation-text.ts';
import type { Annotations, Parsed } from './annotation-text.ts';
import type { NamespaceRules } from './namespace-rules.ts';
import type { PermittingEntry } from './permitting-entries.ts';
import { completeRole, parseRole, roleName, withinCeiling } from './role-arn.ts';

/** What the settings and the rules of Namespaces say about one role, whoever asks for it. */
export interface RoleFacts {
  readonly roleArn: string;
  /** Path/name under the base ARN, else the ARN. */
  readonly roleName: string;
  /** Undefined if that depends on a base ARN that is not known yet. */
  readonly insideCeiling: boolean | undefined;
  /** `--default-role` names it. */
  readonly isDefaultRole: boolean;
  /** `annotations` of an existing Namespace. */
  readonly inNamespace: (name: string, annotations: Annotations) => RoleInNamespace;
}

export interface RoleInNamespace {
  /** All entries that permit it; none if it is not permitted. */
  readonly entries: readonly PermittingEntry[];
  /** `rolegate.dev/default-role` names it. */
  readonly isDefaultRole: boolean;
}

export interface RoleFactsDeps {
  readonly rules: Pick<NamespaceRules, 'permittingEntries'>;
  /** A valid one, if it is known. */
  readonly baseArn: string | undefined;
  readonly ceilings: readonly string[];
  readonly defaultRole: string | undefined;
}

/** `text` names the role as an annotation does. */
export function roleFacts(
  text: string,
  { rules, baseArn, ceilings, defaultRole }: RoleFactsDeps,
): Parsed<RoleFacts> {
  const arnOf = (name: string): Parsed<string> => {
    const role = parseRole(name);
    if ('fault' in role) return role;
    if (role.value.kind === 'name' && baseArn === undefined)
      return { fault: 'is not an ARN, and the role base ARN is not known yet' };
    return completeRole(role.value, baseArn ?? '');
  };
  const asked = arnOf(text);
  if ('fault' in asked) return asked;
  const roleArn = asked.value;

  function isAsked(name: string | undefined): boolean {
    const arn = name === undefined ? undefined : arnOf(name);
    return arn !== undefined && 'value' in arn && arn.value === roleArn;
  }

  return {
    value: {
      roleArn,
      roleName: roleName(roleArn, baseArn),
      insideCeiling: withinCeiling(roleArn, ceilings, baseArn),
      isDefaultRole: isAsked(defaultRole),
      inNamespace(name, annotations) {
        const named = optional(annotations, annotation.defaultRole, (value) => ({ value }));
        return {
          entries: rules.permittingEntries(roleArn, { name, annotations, baseArn }),
          isDefaultRole: 'value' in named && isAsked(named.value),
        };
      },
    },
  };
}
