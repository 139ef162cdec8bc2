import { annotation } from '../annotations/annotations.ts';
import { listAllows, parseAllowedRoles } from './allowed-roles.ts';
import type { AllowedRoles } from './allowed-roles.ts';
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

/** What a Pod asks its Namespace for. */
export interface Wish {
  readonly roleArn: string;
  readonly externalId: string | undefined;
  readonly tagKeys: readonly string[];
  /** Tags that the server sets: no Namespace can give them away. */
  readonly serverTags: Readonly<Record<string, string>>;
}

/** A Namespace that is there. */
export interface Permitting {
  /** As messages call it. */
  readonly name: string;
  readonly annotations: Annotations;
  readonly baseArn: string | undefined;
}

export interface NamespaceRules {
  /** The first thing that the Namespace does not permit; undefined: all is; 'pending': only the base ARN can tell. */
  objection(wish: Wish, namespace: Permitting): Denial | 'pending' | undefined;
  /** All that is wrong with the Namespace's annotations. */
  faults(namespace: Omit<Permitting, 'baseArn'>): string | undefined;
}

/** What Namespaces permit. An annotation that does not parse permits nothing, and its sister beside it neither. */
export function createNamespaceRules(): NamespaceRules {
  const permits = createPermits();
  const roleLists = createRules(parseAllowedRoles, (list: AllowedRoles, [roleArn = '', baseArn]) =>
    listAllows(list, roleArn, baseArn),
  );
  const valueLists = createRules(parseGlobs, matchesAll);

  function ofRole(roleArn: string, namespace: Permitting): Denial | 'pending' | undefined {
    const { name, annotations, baseArn } = namespace;
    const byExpression = readRule(annotations, annotation.permitted, no, (text) =>
      permits.matches(text, namesOfRole(roleArn, baseArn)),
    );
    const byList = readRule(annotations, annotation.allowedRoles, no, (text) =>
      roleLists.judge(text, baseArn === undefined ? [roleArn] : [roleArn, baseArn]),
    );
    if ('fault' in byExpression) return badRule(name, annotation.permitted, byExpression.fault);
    if ('fault' in byList) return badRule(name, annotation.allowedRoles, byList.fault);
    if (byExpression.value || byList.value === true) return undefined;
    // The expression may match the role's name, which only the base ARN tells from the rest of the ARN.
    const asks = byList.value === 'unknown' || valueOf(annotations, annotation.permitted) !== undefined;
    if (baseArn === undefined && asks) return 'pending';
    return denied(`${name} does not permit ${roleArn}: ${describe(namespace)}`);
  }

  function describe({ annotations }: Permitting): string {
    const rules = [annotation.permitted, annotation.allowedRoles].flatMap((key) => {
      const text = valueOf(annotations, key);
      return typeof text === 'string' ? [`${key} is ${quote(text)}${oddity(text)}`] : [];
    });
    if (rules.length === 0) return `it has neither ${annotation.permitted} nor ${annotation.allowedRoles}`;
    const list = valueOf(annotations, annotation.allowedRoles);
    const parsed = typeof list === 'string' ? roleLists.parse(list) : undefined;
    const hint = parsed !== undefined && 'value' in parsed ? parsed.value.hint : undefined;
    return hint === undefined ? rules.join(', ') : `${rules.join(', ')}; ${hint}`;
  }

  function ofExternalId(externalId: string, { name, annotations }: Permitting): Denial | undefined {
    const key = annotation.permittedExternalIds;
    const refused = readRule(annotations, key, none, (text) => valueLists.judge(text, [externalId]));
    if ('fault' in refused) return badRule(name, key, refused.fault);
    return refused.value === undefined
      ? undefined
      : denied(`${name} does not permit the external ID of the Pod by ${key}`);
  }

  function ofTags({ tagKeys, serverTags }: Wish, { name, annotations }: Permitting): Denial | undefined {
    const taken = tagKeys.find((tag) => hasKey(serverTags, tag));
    if (taken !== undefined) return denied(`the session tag ${quote(taken)} is the server's own`);
    const [first] = tagKeys;
    if (first === undefined) return undefined;
    const key = annotation.permittedSessionTags;
    const refused = readRule(annotations, key, { value: first }, (text) => valueLists.judge(text, tagKeys));
    if ('fault' in refused) return badRule(name, key, refused.fault);
    return refused.value === undefined
      ? undefined
      : denied(`${name} does not permit the session tag ${quote(refused.value)} by ${key}`);
  }

  return {
    objection(wish, namespace) {
      const { externalId } = wish;
      return (
        ofRole(wish.roleArn, namespace) ??
        (externalId === undefined ? undefined : ofExternalId(externalId, namespace)) ??
        ofTags(wish, namespace)
      );
    },
    faults: ({ name, annotations }) => {
      const faults = readers(permits, roleLists.parse, valueLists.parse).flatMap(([key, read]) => {
        const fault = faultOf(readRule(annotations, key, none, read));
        return fault === undefined ? [] : [`${key} ${fault}`];
      });
      return faults.length === 0 ? undefined : clip(`${name}: ${faults.join('; ')}`);
    },
  };
}

const no = { value: false } as const;
const none = { value: undefined } as const;

type Reader = readonly [key: string, read: (text: string) => Parsed<unknown>];

function readers(permits: Permits, roles: Reader[1], values: Reader[1]): readonly Reader[] {
  return [
    [annotation.permitted, (text) => permits.parse(text)],
    [annotation.allowedRoles, roles],
    [annotation.permittedExternalIds, values],
    [annotation.permittedSessionTags, values],
    [annotation.defaultRole, parseRole],
    [annotation.metadata, parseMetadataAccess],
  ];
}

function namesOfRole(roleArn: string, baseArn: string | undefined): readonly string[] {
  const name = roleName(roleArn, baseArn);
  return name === roleArn ? [roleArn] : [roleArn, name, `/${name}`];
}

function denied(message: string): Denial {
  return denial('NamespaceDenied', message);
}

function badRule(name: string, key: string, fault: string): Denial {
  return denial('BadNamespaceRule', `${key} of ${name} ${fault}; until it is corrected it permits nothing`);
}

function faultOf(parsed: Parsed<unknown>): string | undefined {
  return 'fault' in parsed ? parsed.fault : undefined;
}
