import { annotation } from '../annotations/annotations.ts';
import { optional } from './pod-request.ts';
import { parseRole } from './role-arn.ts';
import type { NamedRole } from './role-arn.ts';
import { annotationsOf, namesOf } from './subject.ts';
import type { Subject } from './subject.ts';

/** Which role a Pod is to have, and on whose word. */
export type Naming =
  | { readonly kind: 'named'; readonly role: NamedRole; readonly by: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'pending'; readonly waitsFor: string };

/**
 * The Pod's own, else its ServiceAccount's, else its Namespace's default, else the cluster's. The first that says
 * anything decides: if it does not parse, no weaker one takes its place.
 */
export function nameRole(
  subject: Subject,
  own: NamedRole | undefined,
  defaultRole: string | undefined,
): Naming {
  const names = namesOf(subject.pod);
  if (own !== undefined) return { kind: 'named', role: own, by: `${annotation.role} of ${names.pod}` };
  if (subject.serviceAccount === 'unseen') return { kind: 'pending', waitsFor: names.serviceAccount };
  const sources = [
    [annotationsOf(subject.serviceAccount), annotation.role, names.serviceAccount],
    [annotationsOf(subject.namespace), annotation.defaultRole, names.namespace],
    [defaultRole === undefined ? {} : { '--default-role': defaultRole }, '--default-role', 'the server'],
  ] as const;
  for (const [annotations, key, name] of sources) {
    const role = optional(annotations, key, parseRole);
    if ('fault' in role) return { kind: 'fault', message: `of ${name}, ${role.fault}` };
    if (role.value !== undefined) return { kind: 'named', role: role.value, by: `${key} of ${name}` };
  }
  return { kind: 'none' };
}
