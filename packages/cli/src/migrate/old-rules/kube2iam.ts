import { parseJson } from '@rolegate/runtime';
import { goMatches } from './go-regexp.ts';
import type { Kube2iamRules, OldSubject, OldVerdict } from './old-system.ts';

/** What kube2iam gives a Pod. It matches patterns after the base ARN is put before them. */
export function kube2iamVerdict(rules: Kube2iamRules, subject: OldSubject): OldVerdict {
  if (subject.hostNetwork) return { kind: 'node' };
  const byDefault = subject.role === undefined;
  const asked = subject.role ?? rules.defaultRole;
  // An empty annotation becomes the base ARN, which is no role: the answer is empty.
  if (asked === undefined && rules.nodeRoleByDefault) return { kind: 'node' };
  if (asked === undefined || asked === '') return { kind: 'none' };
  const roleArn = kube2iamRoleArn(asked, rules.baseArn);
  const given: OldVerdict = { kind: 'role', roleArn, byDefault };
  if (rules.restrictions === 'off' || isDefault(roleArn, rules)) return given;
  const { permits } = subject;
  if (permits === undefined || permits === '') return refused('its Namespace has no list of roles');
  const patterns = goStrings(permits);
  if (patterns === undefined)
    return refused('the list of roles of its Namespace is not a JSON list of strings');
  const permitted = patterns.some((pattern) => patternMatches(pattern, roleArn, rules));
  return permitted ? given : refused('the list of roles of its Namespace does not match');
}

/** kube2iam leaves a leading slash where it is, so that the ARN of `/path/name` has two. */
function kube2iamRoleArn(role: string, baseArn: string): string {
  if (role.toLowerCase().startsWith('arn:')) return role;
  return `${baseArn}${baseArn === '' || baseArn.endsWith('/') ? '' : '/'}${role}`;
}

function isDefault(roleArn: string, { defaultRole, baseArn }: Kube2iamRules): boolean {
  return defaultRole !== undefined && roleArn === kube2iamRoleArn(defaultRole, baseArn);
}

function patternMatches(pattern: string, roleArn: string, { restrictions, baseArn }: Kube2iamRules): boolean {
  const whole = kube2iamRoleArn(pattern, baseArn);
  // Not anchored, so a pattern permits every role that its match is a part of. One that does not parse permits nothing.
  if (restrictions === 'regexp') return goMatches(whole, roleArn) === 'matches';
  return starMatches(whole, roleArn);
}

/** Only `*` is special. Greedy from the left, with the last part at the end, which finds a match if there is one. */
function starMatches(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** As Go decodes a list of strings: an entry of another type becomes an empty string, which permits no role. */
function goStrings(text: string): readonly string[] | undefined {
  const list = parseJson(text);
  if (!Array.isArray(list)) return undefined;
  return list.map((entry: unknown) => (typeof entry === 'string' ? entry : ''));
}

function refused(why: string): OldVerdict {
  return { kind: 'refused', why };
}
