import type { Recipe } from '../../cluster/calls.ts';
import type { TenantsWorld } from '../step.ts';

/** The attacker's Namespace. */
export const HOSTILE = 'hostile';

export const ROLE = 'iam.amazonaws.com/role';
export const SESSION_NAME = 'iam.amazonaws.com/session-name';
export const PERMITTED = 'iam.amazonaws.com/permitted';
export const ALLOWED_ROLES = 'iam.amazonaws.com/allowed-roles';
export const SESSION_TAGS = 'rolegate.dev/session-tags';
export const PERMITTED_TAGS = 'rolegate.dev/permitted-session-tags';

/** Creates the Namespace, which permits all roles with its name as path, with further annotations. */
export async function applyHostile(
  { standIn }: TenantsWorld,
  annotations: Readonly<Record<string, string>> = {},
): Promise<void> {
  const all = { [PERMITTED]: `${HOSTILE}/.*`, ...annotations };
  await standIn.apply({ kind: 'Namespace', metadata: { name: HOSTILE, annotations: all } });
}

/** Removes the objects of the recipes and the Namespace. */
export async function clearHostile({ standIn }: TenantsWorld, recipes: readonly Recipe[]): Promise<void> {
  await standIn.clear(recipes);
  await standIn.remove({ kind: 'ServiceAccount', namespace: HOSTILE, name: 'default' });
  await standIn.remove({ kind: 'Namespace', name: HOSTILE });
}

/** Pods of the hostile Namespace, spread over the honest nodes. */
export function hostilePods(name: string, count: number, more: Partial<Recipe> = {}): Recipe {
  return { kind: 'Pod', name, count, namespace: HOSTILE, ...more };
}
