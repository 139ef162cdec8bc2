import type { Parsed } from './annotation-text.ts';
import { globMatches } from './glob.ts';
import { oddity, quote } from './quote.ts';

/** Limits of IAM (IAM API reference, Role and CreateRole). Characters; the path includes both slashes. */
const LONGEST_ROLE_ARN = 2048;
const LONGEST_PATH = 512;
const LONGEST_NAME = 64;

/** A role's name, or a part of its path. */
const PART = /^[\w+=,.@-]+$/;
const PARTITION = /^aws(?:-[a-z]+)*$/;
const ACCOUNT = /^[0-9]{12}$/;

/** A role in an annotation. Two spellings of one role have the same completed ARN. */
export type NamedRole =
  | { readonly kind: 'arn'; readonly arn: string }
  /** path/name under the base ARN. */
  | { readonly kind: 'name'; readonly name: string };

/** Role name, path/name, /path/name or full ARN; strict, so that it accepts only what is valid in IAM. */
export function parseRole(text: string): Parsed<NamedRole> {
  if (text === '') return { fault: 'is empty; set a role, or remove the annotation' };
  if (text.length > LONGEST_ROLE_ARN) {
    return { fault: `is ${text.length} characters long; a role ARN has at most ${LONGEST_ROLE_ARN}` };
  }
  if (text.startsWith('arn:')) {
    const arn = parseArn(text);
    if ('fault' in arn) return arn;
    const fault = partsFault(arn.value.resource.slice('role/'.length));
    return fault === undefined
      ? { value: { kind: 'arn', arn: text } }
      : { fault: `${fault} in ${quote(text)}${oddity(text)}` };
  }
  const name = text.startsWith('/') ? text.slice(1) : text;
  const fault = partsFault(name);
  return fault === undefined
    ? { value: { kind: 'name', name } }
    : { fault: `${fault} in ${quote(text)}${oddity(text)}` };
}

/** The base ARN for names, always ending in a slash: `arn:aws:iam::123456789012:role/[path/]`. */
export function parseRoleBaseArn(text: string): Parsed<string> {
  const example = 'write it like arn:aws:iam::123456789012:role/';
  if (text.length > LONGEST_ROLE_ARN) return { fault: `is ${text.length} characters long; ${example}` };
  const base = text.endsWith('/') ? text : `${text}/`;
  const arn = parseArn(base);
  if ('fault' in arn) return { fault: `${arn.fault}; ${example}` };
  const path = arn.value.resource.slice('role/'.length);
  // There must be room for a name after the path.
  const fault = path === '' ? undefined : partsFault(`${path}x`);
  return fault === undefined ? { value: base } : { fault: `${fault} in ${quote(text)}; ${example}` };
}

/** The full ARN of a role. With the path of the base ARN it can still be too long. */
export function completeRole(role: NamedRole, baseArn: string): Parsed<string> {
  if (role.kind === 'arn') return { value: role.arn };
  const whole = parseRole(`${baseArn}${role.name}`);
  if ('fault' in whole) return { fault: `with the base ARN ${whole.fault}` };
  return { value: `${baseArn}${role.name}` };
}

/** The name in the list of roles: path/name under the base ARN, else the ARN. */
export function roleName(roleArn: string, baseArn: string | undefined): string {
  return baseArn !== undefined && roleArn.startsWith(baseArn) ? roleArn.slice(baseArn.length) : roleArn;
}

/**
 * Whether the role is inside the ceiling: globs for the full ARN, or the account of the base ARN if there are none. Undefined if
 * that depends on a base ARN that is not known yet.
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

function parseArn(text: string): Parsed<{ readonly resource: string }> {
  const [, partition = '', service, region, account = '', resource = '', ...more] = text.split(':');
  const fault =
    more.length > 0 || !resource.startsWith('role/') || service !== 'iam' || region !== ''
      ? 'is not the ARN of an IAM role'
      : !PARTITION.test(partition)
        ? 'has no AWS partition'
        : !ACCOUNT.test(account)
          ? 'has no account ID of 12 digits'
          : undefined;
  return fault === undefined ? { value: { resource } } : { fault: `${fault}: ${quote(text)}${oddity(text)}` };
}

function partsFault(pathAndName: string): string | undefined {
  const parts = pathAndName.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.includes('')) return 'has an empty part';
  // A client would resolve them as dot segments in the URL of the credentials.
  if (parts.includes('.') || parts.includes('..')) return 'has a part that is only dots';
  if (!parts.every((part) => PART.test(part))) return 'has a character that is not valid in a role name';
  if (name.length > LONGEST_NAME) return `has a name of more than ${LONGEST_NAME} characters`;
  if (pathAndName.length - name.length + 1 > LONGEST_PATH) {
    return `has a path of more than ${LONGEST_PATH} characters`;
  }
  return undefined;
}

/** All texts that an expression may match to permit the role. */
export function namesOfRole(roleArn: string, baseArn: string | undefined): readonly string[] {
  const name = roleName(roleArn, baseArn);
  return name === roleArn ? [roleArn] : [roleArn, name, `/${name}`];
}
