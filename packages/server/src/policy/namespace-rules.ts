import { listAllows } from './allowed-roles.ts';
import { annotation } from './annotations.ts';
import type { Annotations } from './annotations.ts';
import { denial } from './denial.ts';
import type { Denial } from './denial.ts';
import { globMatches } from './glob.ts';
import { parseMetadataAccess } from './metadata-access.ts';
import type { Parsed } from './parsed.ts';
import { createPermits } from './permit.ts';
import { clip, quote } from './quote.ts';
import { remember } from './remember.ts';
import { parseRole, roleName } from './role-arn.ts';
import { hasKey } from './session-tags.ts';
import { LONGEST_LIST, parseStringList } from './string-list.ts';

/** Of the whole cluster. */
const LISTS = { entries: 500, longest: LONGEST_LIST };

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
  const lists = remember(LISTS, parseStringList);

  function ofRole(
    roleArn: string,
    { name, annotations, baseArn }: Permitting,
  ): Denial | 'pending' | undefined {
    const permitted = annotations[annotation.permitted];
    const allowed = annotations[annotation.allowedRoles];
    const byExpression =
      permitted === undefined ? no : permits.matches(permitted, namesOfRole(roleArn, baseArn));
    const byList = allowed === undefined ? no : lists(allowed);
    if ('fault' in byExpression) return badRule(name, annotation.permitted, byExpression.fault);
    if ('fault' in byList) return badRule(name, annotation.allowedRoles, byList.fault);
    const listed = byList.value === false ? false : listAllows(byList.value, roleArn, baseArn);
    if (byExpression.value || listed === true) return undefined;
    // The expression may match the role's name, which only the base ARN tells from the rest of the ARN.
    if (baseArn === undefined && (permitted !== undefined || listed === undefined)) return 'pending';
    return denied(`${name} does not permit ${roleArn}: ${describe(permitted, allowed)}`);
  }

  function ofExternalId(externalId: string, { name, annotations }: Permitting): Denial | undefined {
    const text = annotations[annotation.permittedExternalIds];
    if (text === undefined) return undefined;
    const list = lists(text);
    if ('fault' in list) return badRule(name, annotation.permittedExternalIds, list.fault);
    if (list.value.some((pattern) => globMatches(pattern, externalId))) return undefined;
    return denied(`${name} does not permit the external ID of the Pod by ${annotation.permittedExternalIds}`);
  }

  function ofTag(key: string, serverTags: Wish['serverTags'], namespace: Permitting): Denial | undefined {
    const { name, annotations } = namespace;
    if (hasKey(serverTags, key)) return denied(`the session tag ${quote(key)} is the server's own`);
    const list = lists(annotations[annotation.permittedSessionTags] ?? '[]');
    if ('fault' in list) return badRule(name, annotation.permittedSessionTags, list.fault);
    if (list.value.some((pattern) => globMatches(pattern, key))) return undefined;
    return denied(
      `${name} does not permit the session tag ${quote(key)} by ${annotation.permittedSessionTags}`,
    );
  }

  return {
    objection({ roleArn, externalId, tagKeys, serverTags }, namespace) {
      const toRole = ofRole(roleArn, namespace);
      if (toRole !== undefined) return toRole;
      const toExternalId = externalId === undefined ? undefined : ofExternalId(externalId, namespace);
      if (toExternalId !== undefined) return toExternalId;
      for (const key of tagKeys) {
        const toTag = ofTag(key, serverTags, namespace);
        if (toTag !== undefined) return toTag;
      }
      return undefined;
    },

    faults({ name, annotations }) {
      const readers: readonly (readonly [key: string, read: (text: string) => string | undefined])[] = [
        [annotation.permitted, (text) => permits.fault(text)],
        [annotation.allowedRoles, (text) => faultOf(lists(text))],
        [annotation.permittedExternalIds, (text) => faultOf(lists(text))],
        [annotation.permittedSessionTags, (text) => faultOf(lists(text))],
        [annotation.defaultRole, (text) => faultOf(parseRole(text))],
        [annotation.metadata, (text) => faultOf(parseMetadataAccess(text))],
      ];
      const faults = readers.flatMap(([key, read]) => {
        const text = annotations[key];
        const fault = text === undefined ? undefined : read(text);
        return fault === undefined ? [] : [`${key} ${fault}`];
      });
      return faults.length === 0 ? undefined : clip(`${name}: ${faults.join('; ')}`);
    },
  };
}

const no = { value: false } as const;

function namesOfRole(roleArn: string, baseArn: string | undefined): readonly string[] {
  const name = roleName(roleArn, baseArn);
  return name === roleArn ? [roleArn] : [roleArn, name];
}

function describe(permitted: string | undefined, allowed: string | undefined): string {
  const rules = [
    ...(permitted === undefined ? [] : [`${annotation.permitted} is ${quote(permitted)}`]),
    ...(allowed === undefined ? [] : [`${annotation.allowedRoles} is ${quote(allowed)}`]),
  ];
  return rules.length === 0
    ? `it has neither ${annotation.permitted} nor ${annotation.allowedRoles}`
    : rules.join(', ');
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
