import { annotation } from '../annotations/annotations.ts';
import { listAllows, parseAllowedRoles, permittingPattern, permittingPatterns } from './allowed-roles.ts';
import type { AllowedRoles } from './allowed-roles.ts';
import { alternativesOf, literalOf } from './alternatives.ts';
import { readRule, valueOf } from './annotation-text.ts';
import type { Annotations, Parsed } from './annotation-text.ts';
import { matchesAll, parseGlobs } from './glob-list.ts';
import { parseMetadataAccess } from './metadata-access.ts';
import { createPermits } from './permit.ts';
import type { Permits } from './permit.ts';
import { clip, oddity, quote } from './quote.ts';
import { createRules } from './remember.ts';
import { parseRole, roleName } from './role-arn.ts';
import { hasKey } from './session-tags.ts';
import { denial } from './verdict.ts';
import type { Denial } from './verdict.ts';

const no = { value: false } as const;
const none = { value: undefined } as const;

/** The parser of an annotation. */
type Parser = readonly [key: string, parse: (text: string) => Parsed<unknown>];

/** What the Namespace must permit for a Pod. */
export interface PermitRequest {
  readonly roleArn: string;
  readonly externalId: string | undefined;
  readonly tagKeys: readonly string[];
  /** Tags that the server sets, which no Namespace can permit to Pods. */
  readonly serverTags: Readonly<Record<string, string>>;
}

/** An existing Namespace. */
export interface NamespaceContext {
  /** For messages. */
  readonly name: string;
  readonly annotations: Annotations;
  readonly baseArn: string | undefined;
}

/** The rule of a Namespace that permits a role. */
export interface PermittingRule {
  readonly annotation: string;
  /** The expression, or the pattern of the list. */
  readonly entry: string;
}

/** One of the entries that permit a role. */
export interface PermittingEntry extends PermittingRule {
  /** It permits no other role, so it can be removed without taking a role from others. */
  readonly exact: boolean;
}

export interface NamespaceRules {
  /** The first thing that the Namespace does not permit; undefined if all is permitted; 'pending' if that depends on the base ARN. */
  check(request: PermitRequest, namespace: NamespaceContext): Denial | 'pending' | undefined;
  /** What permits the role, for explanations; undefined: nothing is known to. */
  readonly permittedBy: (roleArn: string, namespace: NamespaceContext) => PermittingRule | undefined;
  /** All that permits the role; empty if it is not permitted, or that depends on the base ARN. */
  readonly permittingEntries: (roleArn: string, namespace: NamespaceContext) => readonly PermittingEntry[];
  /** Everything that is wrong with the Namespace's annotations. */
  faults(namespace: Omit<NamespaceContext, 'baseArn'>): string | undefined;
}

/** The rules of Namespaces. If one of the two role annotations is invalid, neither permits anything. */
export function createNamespaceRules(): NamespaceRules {
  const roles = createRoleRules();
  const values = createValueRules();
  const parsers: readonly Parser[] = [
    ...roles.parsers,
    ...values.parsers,
    [annotation.defaultRole, parseRole],
    [annotation.metadata, parseMetadataAccess],
  ];
  return {
    check(request, namespace) {
      const { roleArn, externalId } = request;
      return (
        roles.check(roleArn, namespace) ??
        (externalId === undefined ? undefined : values.checkExternalId(externalId, namespace)) ??
        values.checkTags(request, namespace)
      );
    },
    permittedBy: roles.permittedBy,
    permittingEntries: roles.permittingEntries,
    faults({ name, annotations }) {
      const faults = parsers.flatMap(([key, parse]) => {
        const parsed = readRule(annotations, key, none, parse);
        return 'fault' in parsed ? [`${key} ${parsed.fault}`] : [];
      });
      return faults.length === 0 ? undefined : clip(`${name}: ${faults.join('; ')}`);
    },
  };
}

/** The rules for roles: kiam's expression and kube2iam's list; a role that either permits is permitted. */
function createRoleRules() {
  const permits = createPermits();
  const lists = createRules(parseAllowedRoles, (list: AllowedRoles, [roleArn = '', baseArn]) =>
    listAllows(list, roleArn, baseArn),
  );

  function check(roleArn: string, namespace: NamespaceContext): Denial | 'pending' | undefined {
    const { name, annotations, baseArn } = namespace;
    const byExpression = readRule(annotations, annotation.permitted, no, (text) =>
      permits.matches(text, namesOfRole(roleArn, baseArn)),
    );
    const byList = readRule(annotations, annotation.allowedRoles, no, (text) =>
      lists.judge(text, baseArn === undefined ? [roleArn] : [roleArn, baseArn]),
    );
    if ('fault' in byExpression) return badRule(name, annotation.permitted, byExpression.fault);
    if ('fault' in byList) return badRule(name, annotation.allowedRoles, byList.fault);
    if (byExpression.value || byList.value === true) return undefined;
    // The expression may match path/name, which is only known with the base ARN.
    const asks = byList.value === 'unknown' || valueOf(annotations, annotation.permitted) !== undefined;
    if (baseArn === undefined && asks) return 'pending';
    return denied(`${name} does not permit ${roleArn}: ${describe(annotations)}`);
  }

  function permittedBy(
    roleArn: string,
    { annotations, baseArn }: NamespaceContext,
  ): PermittingRule | undefined {
    const expression = valueOf(annotations, annotation.permitted);
    if (typeof expression === 'string') {
      const matched = permits.matches(expression, namesOfRole(roleArn, baseArn));
      if ('value' in matched && matched.value)
        return { annotation: annotation.permitted, entry: clip(expression) };
    }
    const list = valueOf(annotations, annotation.allowedRoles);
    const parsed = typeof list === 'string' ? lists.parse(list) : undefined;
    if (parsed === undefined || 'fault' in parsed) return undefined;
    const pattern = permittingPattern(parsed.value, roleArn, baseArn);
    return pattern === undefined ? undefined : { annotation: annotation.allowedRoles, entry: clip(pattern) };
  }

  function describe(annotations: Annotations): string {
    const rules = [annotation.permitted, annotation.allowedRoles].flatMap((key) => {
      const text = valueOf(annotations, key);
      return typeof text === 'string' ? [`${key} is ${quote(text)}${oddity(text)}`] : [];
    });
    if (rules.length === 0) return `it has neither ${annotation.permitted} nor ${annotation.allowedRoles}`;
    const list = valueOf(annotations, annotation.allowedRoles);
    const parsed = typeof list === 'string' ? lists.parse(list) : undefined;
    const hints = [
      globHint(valueOf(annotations, annotation.permitted)),
      parsed !== undefined && 'value' in parsed ? parsed.value.hint : undefined,
    ];
    return [rules.join(', '), ...hints.filter((hint) => hint !== undefined)].join('; ');
  }

  const parsers: readonly Parser[] = [
    [annotation.permitted, permits.parse],
    [annotation.allowedRoles, lists.parse],
  ];
  return {
    check,
    permittedBy,
    parsers,
    permittingEntries: (roleArn: string, namespace: NamespaceContext) =>
      check(roleArn, namespace) === undefined
        ? permittingEntries(roleArn, namespace, { matches: permits.matches, parseList: lists.parse })
        : [],
  };
}

interface RoleRules {
  readonly matches: Permits['matches'];
  readonly parseList: (text: string) => Parsed<AllowedRoles>;
}

/** Of rules that permit the role. */
function permittingEntries(
  roleArn: string,
  { annotations, baseArn }: NamespaceContext,
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
  const matched = others.length === 0 ? no : matches(others.join('|'), names);
  return [
    ...alternatives.filter(isName).map((entry) => ({ entry, exact: true })),
    ...('value' in matched && matched.value ? [{ entry: expression, exact: false }] : []),
  ].map(({ entry, exact }) => ({ annotation: annotation.permitted, entry: clip(entry), exact }));
}

/** A star behind a slash is probably meant as a glob. */
function globHint(expression: string | object | undefined): string | undefined {
  return typeof expression === 'string' && expression.includes('/*')
    ? 'permitted holds a regular expression, in which any text is .* and not *'
    : undefined;
}

/** The rules for external IDs and session tag keys. */
function createValueRules() {
  const lists = createRules(parseGlobs, matchesAll);

  function checkExternalId(externalId: string, { name, annotations }: NamespaceContext): Denial | undefined {
    const key = annotation.permittedExternalIds;
    const unmatched = readRule(annotations, key, none, (text) => lists.judge(text, [externalId]));
    if ('fault' in unmatched) return badRule(name, key, unmatched.fault);
    return unmatched.value === undefined
      ? undefined
      : denied(`${key} of ${name} does not permit the external ID of the Pod`);
  }

  function checkTags(
    { tagKeys, serverTags }: PermitRequest,
    { name, annotations }: NamespaceContext,
  ): Denial | undefined {
    const taken = tagKeys.find((tag) => hasKey(serverTags, tag));
    if (taken !== undefined) return denied(`the session tag ${quote(taken)} is set by the server`);
    const [first] = tagKeys;
    if (first === undefined) return undefined;
    const key = annotation.permittedSessionTags;
    const unmatched = readRule(annotations, key, { value: first }, (text) => lists.judge(text, tagKeys));
    if ('fault' in unmatched) return badRule(name, key, unmatched.fault);
    return unmatched.value === undefined
      ? undefined
      : denied(`${key} of ${name} does not permit the session tag ${quote(unmatched.value)}`);
  }

  const parsers: readonly Parser[] = [
    [annotation.permittedExternalIds, lists.parse],
    [annotation.permittedSessionTags, lists.parse],
  ];
  return { checkExternalId, checkTags, parsers };
}

function namesOfRole(roleArn: string, baseArn: string | undefined): readonly string[] {
  const name = roleName(roleArn, baseArn);
  return name === roleArn ? [roleArn] : [roleArn, name, `/${name}`];
}

function denied(message: string): Denial {
  return denial('NamespaceDenied', message);
}

function badRule(name: string, key: string, fault: string): Denial {
  return denial('BadNamespaceRule', `${key} of ${name} ${fault}; it permits nothing until it is corrected`);
}
