import { Failure } from './status.ts';

/** A right in RBAC's terms. */
export interface Right {
  readonly verb: string;
  /** With its subresource, e.g. `pods/log`. */
  readonly resource: string;
  /** Undefined: in all Namespaces, or the resource has none. */
  readonly namespace: string | undefined;
}

/** Refuses what is in the set, e.g. `list pods`, `list pods in all` (all Namespaces at once) or `get pods/log in team-a`. */
export function checkRight(forbidden: ReadonlySet<string>, { verb, resource, namespace }: Right): void {
  const right = `${verb} ${resource}`;
  if (!forbidden.has(right) && !forbidden.has(`${right} in ${namespace ?? 'all'}`)) return;
  const [kind = ''] = resource.split('/');
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  throw new Failure(
    403,
    `${kind} is forbidden: User "stand-in" cannot ${verb} resource "${resource}" in API group "" ${where}`,
  );
}
