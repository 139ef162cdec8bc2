import { globMatches } from './glob.ts';

/**
 * Whether the role lies inside the ceiling: globs on the full ARN; without any, the account of the base ARN. Undefined
 * where that needs a base ARN which is not known yet.
 */
export function withinCeiling(
  roleArn: string,
  ceilings: readonly string[],
  baseArn: string | undefined,
): boolean | undefined {
  if (ceilings.length > 0) return ceilings.some((ceiling) => globMatches(ceiling, roleArn));
  if (baseArn === undefined) return undefined;
  const account = baseArn.slice(0, baseArn.indexOf('/') + 1);
  return roleArn.startsWith(account);
}
