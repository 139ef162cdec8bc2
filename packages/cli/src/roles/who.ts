import { valueOf } from '../answers/answer.ts';
import { isSameRole } from './role-name.ts';
import { rolesOf, rulesByNamespace } from './roles.ts';
import type { RoleRow, RoleSources, SessionRow } from './roles.ts';

/** States of a Pod that is permitted the role, but has no credentials of it now. */
const WAITING = /^(ok|Pending|Sts.*|Server.*|CredentialsExpired|HeldTimeout|AmbiguousIp)$/;

/** Who has one role, and who may. Also the JSON of `who`. */
export interface Who {
  readonly role: string;
  /** Pods that are permitted the role, with or without credentials now. */
  readonly have: readonly RoleRow[];
  /** Pods that ask for it and are refused. */
  readonly refused: readonly RoleRow[];
  /** Namespaces of Pods that are permitted it, with their rules: another Pod there may have it too. */
  readonly mayByRule: readonly NamespaceRules[];
  /**
   * Namespaces with rules of which nothing is known, because no Pod there has the role: only the server can say whether they
   * permit it.
   */
  readonly undecided: readonly NamespaceRules[];
  readonly sessions: readonly SessionRow[];
  readonly incomplete: readonly string[];
}

export interface NamespaceRules {
  readonly namespace: string;
  readonly rules: readonly string[];
}

/** `role`: an ARN, path/name or /path/name. */
export function whoHas(role: string, sources: RoleSources): Who {
  const { pods, sessions, incomplete } = rolesOf(sources);
  const asked = pods.filter((row) => isSameRole(row.role, role));
  const have = asked.filter(({ state }) => WAITING.test(state));
  const refused = asked.filter(({ state }) => !WAITING.test(state));
  const rules = rulesByNamespace(sources.namespaces);
  const permitting = new Set(have.map(({ namespace }) => namespace));
  const refusing = new Set(refused.map(({ namespace }) => namespace));
  const all = (valueOf(sources.namespaces) ?? []).flatMap(({ metadata }): NamespaceRules[] => {
    const namespace = metadata?.name ?? '';
    const own = rules(namespace) ?? [];
    return own.length === 0 ? [] : [{ namespace, rules: own }];
  });
  return {
    role,
    have,
    refused,
    mayByRule: all.filter(({ namespace }) => permitting.has(namespace)),
    undecided: all.filter(({ namespace }) => !permitting.has(namespace) && !refusing.has(namespace)),
    sessions: sessions.filter((one) => isSameRole(one.role, role)),
    incomplete,
  };
}
