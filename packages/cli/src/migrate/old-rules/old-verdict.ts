import { parseRole } from '@rolegate/server';
import { kiamVerdict } from './kiam.ts';
import { kube2iamVerdict } from './kube2iam.ts';
import type { OldRules, OldSubject, OldVerdict } from './old-system.ts';

/**
 * What the old system gives a Pod in the end: kiam and kube2iam do not check the form of a role, but STS does, so a role with an
 * invalid ARN is refused.
 */
export function oldVerdict(rules: OldRules, subject: OldSubject): OldVerdict {
  const verdict = rules.kind === 'kiam' ? kiamVerdict(rules, subject) : kube2iamVerdict(rules, subject);
  if (verdict.kind !== 'role') return verdict;
  const parsed = parseRole(verdict.roleArn);
  if ('value' in parsed && parsed.value.kind === 'arn') return verdict;
  return { kind: 'refused', why: 'fault' in parsed ? `the role ${parsed.fault}` : 'the role is not an ARN' };
}
