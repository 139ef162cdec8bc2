import { annotation, roleName } from '@rolegate/server';
import type { Policy } from '@rolegate/server';
import { parseJson } from '@rolegate/runtime';
import { namespaceFault, newVerdict, nobody } from '../new-verdict.ts';
import { keysOf } from '../old-rules/old-system.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import type { Annotations } from '../report/judge.ts';

/** An annotation of a Namespace that is to be written. */
export interface PermitStep {
  readonly namespace: string;
  readonly key: string;
  /** Undefined: it is to be removed. */
  readonly value: string | undefined;
  /** finish: an old system reads it, so it stays as it is until the last node has moved. */
  readonly when: 'before' | 'finish';
}

export interface NamespacePermits {
  readonly steps: readonly PermitStep[];
  /** Roles that are not permitted even then. */
  readonly unresolved: readonly string[];
}

export interface PermitDeps {
  readonly rules: OldRules;
  /** Whether another old system runs too. What this one does not read, that one may. */
  readonly hasOther: boolean;
  /** With the ceiling of the plan. */
  readonly policy: Policy;
  readonly baseArn: string;
}

/**
 * The annotations by which a Namespace permits exactly the roles that its Pods have now, in addition to what it permits already. They
 * change nothing for the old system: what it reads is only extended by what it permits anyway. None if they would be too long for
 * Rolegate, which would then permit nothing.
 */
export function permitsOf(
  namespace: string,
  annotations: Annotations,
  roles: readonly string[],
  { rules, hasOther, policy, baseArn }: PermitDeps,
): NamespacePermits {
  const permits = (given: Annotations) => (role: string) => isPermitted(policy, namespace, given, role);
  const missing = roles.filter((role) => !permits(annotations)(role));
  if (missing.length === 0) return { steps: [], unresolved: [] };
  const { target, other } = keysFor(rules);
  const names = missing.map((role) => roleName(role, baseArn));
  const value =
    target === annotation.allowedRoles
      ? asList(annotations[target], names)
      : asExpression(isBad(policy, namespace, target, annotations) ? '' : annotations[target], names);
  const steps: PermitStep[] = [{ namespace, key: target, value, when: 'before' }];
  const after: Record<string, string> = { ...annotations, [target]: value };
  if (isBad(policy, namespace, other, annotations)) {
    const when = hasOther || keysOf(rules).permits === other ? 'finish' : 'before';
    steps.push({ namespace, key: other, value: undefined, when });
    Reflect.deleteProperty(after, other);
  }
  if (isBad(policy, namespace, target, after)) return { steps: [], unresolved: missing };
  return { steps, unresolved: missing.filter((role) => !permits(after)(role)) };
}

/**
 * `target` is the annotation to write. kube2iam with expressions would read an exact name as one that matches anywhere, so there it
 * is the other one.
 */
function keysFor(rules: OldRules): { readonly target: string; readonly other: string } {
  const { permitted, allowedRoles } = annotation;
  return rules.kind === 'kube2iam' && rules.restrictions === 'regexp'
    ? { target: permitted, other: allowedRoles }
    : { target: allowedRoles, other: permitted };
}

function asList(existing: string | undefined, names: readonly string[]): string {
  const list = existing === undefined ? [] : parseJson(existing);
  const kept = Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : [];
  return JSON.stringify([...new Set([...kept, ...names])]);
}

function asExpression(existing: string | undefined, names: readonly string[]): string {
  const exact = names.map((name) => name.replace(/[.+]/g, (sign) => `\\${sign}`)).join('|');
  return existing === undefined || existing.trim() === '' ? exact : `(?:${existing.trim()})|${exact}`;
}

/** Whether this annotation alone keeps the Namespace from permitting anything. */
function isBad(policy: Policy, namespace: string, key: string, annotations: Annotations): boolean {
  const value = annotations[key];
  return value !== undefined && namespaceFault(policy, namespace, { [key]: value }) !== undefined;
}

function isPermitted(
  policy: Policy,
  namespace: string,
  namespaceAnnotations: Annotations,
  role: string,
): boolean {
  const annotations = { [annotation.role]: role };
  return newVerdict(policy, { ...nobody, namespace, annotations, namespaceAnnotations }).kind === 'allow';
}
