import { goMatches } from './go-regexp.ts';
import type { KiamRules, OldSubject, OldVerdict } from './old-system.ts';

/**
 * What kiam gives a Pod. An empty annotation is no role. kiam wraps the expression in ^ and $ without a group, so `a|b` permits
 * whatever begins with a, and it compares with the ARN only, never with path/name.
 */
export function kiamVerdict(rules: KiamRules, { role, permits, hostNetwork }: OldSubject): OldVerdict {
  if (hostNetwork) return { kind: 'node' };
  if (role === undefined || role === '') return { kind: 'none' };
  const roleArn = kiamRoleArn(role, rules.baseArn);
  if (permits === undefined || permits === '') return refused('its Namespace has no expression');
  const expression = rules.strict ? `^${permits}$` : permits;
  const match = goMatches(expression, rules.matches === 'arn' ? roleArn : withoutSlash(role));
  if (typeof match === 'object') return refused(`the expression of its Namespace ${match.fault}`);
  return match === 'matches'
    ? { kind: 'role', roleArn, byDefault: false }
    : refused('the expression of its Namespace does not match');
}

/** kiam does not check the result: the base ARN is taken as it is, and whatever begins with `arn:` is an ARN. */
function kiamRoleArn(role: string, baseArn: string): string {
  return role.startsWith('arn:') ? role : `${baseArn}${withoutSlash(role)}`;
}

function withoutSlash(role: string): string {
  return role.startsWith('/') ? role.slice(1) : role;
}

function refused(why: string): OldVerdict {
  return { kind: 'refused', why };
}
