import { annotation } from '../annotations/annotations.ts';
import { listAllows, parseAllowedRoles } from './allowed-roles.ts';
import type { AllowedRoles } from './allowed-roles.ts';
import { readRule, valueOf } from './annotation-text.ts';
import type { Annotations, Parsed } from './annotation-text.ts';
import { matchesAll, parseGlobs } from './glob-list.ts';
import { parseMetadataAccess } from './metadata-access.ts';
import { createPermits } from './permit.ts';
import { permittingEntries } from './permitting-entries.ts';
import type { PermittingEntry } from './permitting-entries.ts';
import { clip, oddity, quote } from './quote.ts';
import { createRules } from './remember.ts';
import { namesOfRole, parseRole } from './role-arn.ts';
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

export interface NamespaceRules {
  /** The first thing that the Namespace does not permit; undefined if all is permitted; 'pending' if that depends on the base ARN. */
  check(request: PermitRequest, namespace: NamespaceContext): Denial | 'pending' | undefined;
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
    parsers,
    permittingEntries: (roleArn: string, namespace: NamespaceContext) =>
      check(roleArn, namespace) === undefined
        ? permittingEntries(roleArn, namespace, { matches: permits.matches, parseList: lists.parse })
        : [],
  };
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

function denied(message: string): Denial {
  return denial('NamespaceDenied', message);
}

function badRule(name: string, key: string, fault: string): Denial {
  return denial('BadNamespaceRule', `${key} of ${name} ${fault}; it permits nothing until it is corrected`);
}
