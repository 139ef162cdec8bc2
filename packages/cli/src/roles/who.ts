import { valueOf } from '../answers/answer.ts';
import type { ServerRole } from '../answers/server-role.ts';
import { isArn, isNamesake, isSameRole } from './role-name.ts';
import { rolesOf, rulesByNamespace } from './roles.ts';
import type { RoleRow, RoleSources, SessionRow } from './roles.ts';
import type { RoleAnswer } from './sources.ts';

/** States of a Pod that is permitted the role, but has no credentials of it now. */
const WAITING = /^(ok|Pending|Sts.*|Server.*|CredentialsExpired|HeldTimeout|AmbiguousIp)$/;

/** Where `who` learns who has a role, and who may. */
export interface WhoSources extends RoleSources {
  readonly answer: RoleAnswer;
}

/** Who has one role, and who may. Also the JSON of `who`. */
export interface Who {
  /** Its ARN, or as asked for if no server says. */
  readonly role: string;
  /** Pods that are permitted the role, with or without credentials now. */
  readonly have: readonly RoleRow[];
  /** Pods that ask for it and are refused. */
  readonly refused: readonly RoleRow[];
  /** What a server says about the role; undefined: none does. */
  readonly permits: ServerRole | undefined;
  /** If no server says: all Namespaces with rules, of which some may permit it. */
  readonly undecided: readonly NamespaceRules[];
  /** ARNs of roles of the same path and name in other accounts, which Pods have. */
  readonly namesakes: readonly string[];
  readonly sessions: readonly SessionRow[];
  readonly incomplete: readonly string[];
}

export interface NamespaceRules {
  readonly namespace: string;
  readonly rules: readonly string[];
}

/** Whether a role of an agent or a server is the one that was asked for. */
export type IsRole = (role: string) => boolean;

/** `asked`: an ARN, path/name or /path/name. With the server's answer it is one role, otherwise one of each account. */
export function roleMatcher(asked: string, answer: RoleAnswer): IsRole {
  const known = knownRole(answer);
  if (known === undefined) return (role) => isSameRole(role, asked);
  return (role) => role === known.role || role === known.roleName;
}

export function whoHas(asked: string, sources: WhoSources): Who {
  const { answer } = sources;
  const permits = knownRole(answer);
  const isRole = roleMatcher(asked, answer);
  const { pods, sessions, incomplete } = rolesOf(sources);
  const rows = pods.filter(({ role }) => isRole(role));
  const arns = new Set(pods.map(({ role }) => role).filter(isArn));
  const known = permits?.role ?? asked;
  return {
    role: known,
    have: rows.filter(hasRole),
    refused: rows.filter((row) => !hasRole(row)),
    permits,
    undecided: permits === undefined ? withRules(sources) : [],
    namesakes: [...arns].filter((arn) => arn !== known && isNamesake(arn, known)).toSorted(),
    sessions: sessions.filter(({ role }) => isRole(role)),
    incomplete: [...incomplete, ...missingIn(answer)],
  };
}

/** Permitted, with or without credentials now. */
export function hasRole({ state }: Pick<RoleRow, 'state'>): boolean {
  return WAITING.test(state);
}

/** What a server says about the role; undefined: none does. */
export function knownRole(answer: RoleAnswer): ServerRole | undefined {
  return answer === 'does not say' ? undefined : valueOf(answer);
}

/** What is missing in the answer of the servers. */
export function missingIn(answer: RoleAnswer): readonly string[] {
  const what = 'which Namespaces permit the role';
  if (answer === 'does not say') return [`this server's version does not say ${what}`];
  if ('fault' in answer) return [`no server says ${what}: ${answer.fault}`];
  const { leftOut, synced } = answer.value;
  return [
    ...(leftOut === 0 ? [] : [`the server left out ${leftOut} Namespaces, which may permit the role`]),
    ...(synced === false ? ['the server has not read all Namespaces yet'] : []),
  ];
}

function withRules({ namespaces }: RoleSources): readonly NamespaceRules[] {
  const rules = rulesByNamespace(namespaces);
  return (valueOf(namespaces) ?? []).flatMap(({ metadata }) => {
    const namespace = metadata?.name ?? '';
    const own = rules(namespace) ?? [];
    return own.length === 0 ? [] : [{ namespace, rules: own }];
  });
}
