import { roleName } from '@rolegate/server';
import { asGlobs } from './as-globs.ts';
import type { OldRules } from './old-system.ts';

/**
 * The nearest permits that Rolegate accepts, for a Namespace whose own it does not: the same as globs if that is possible, else
 * exactly the roles that its Pods have now.
 */
export function permitsInstead(
  rules: OldRules,
  permits: string | undefined,
  roles: readonly string[],
  baseArn: string,
): { readonly list: readonly string[]; readonly isSame: boolean } {
  const globs = rules.kind === 'kiam' && permits !== undefined ? asGlobs(permits) : undefined;
  // kiam compares with the ARN alone. A glob for an ARN begins with `arn:`.
  const same = globs?.map((glob) => (glob.startsWith('*') ? `arn:${glob}` : glob));
  return same === undefined
    ? { list: roles.map((role) => roleName(role, baseArn)), isSame: false }
    : { list: same.map((glob) => roleName(glob, baseArn)), isSame: true };
}
