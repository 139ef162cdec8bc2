import type { Parsed } from './annotation-text.ts';
import {
  globList,
  listMatches,
  listWork,
  matchingPatterns,
  parseStringList,
  TOO_MUCH_WORK,
} from './glob-list.ts';
import type { GlobList } from './glob-list.ts';
import { quote } from './quote.ts';

/** kube2iam's list: a pattern is for full ARNs, or for path/name under the base ARN. */
export interface AllowedRoles {
  readonly arns: GlobList;
  readonly names: GlobList;
  /** Set if the list seems to hold regular expressions, as in kube2iam's regexp format. */
  readonly hint: string | undefined;
}

/** No role ARN has these characters, so a glob with one of them matches nothing. `.*` is probably meant as an expression. */
const EXPRESSION_SIGNS = /[\^$|\\()[\]{}]|\.\*/;

export function parseAllowedRoles(text: string): Parsed<AllowedRoles> {
  const list = parseStringList(text);
  const globsOnly = 'allowed-roles holds globs, not regular expressions';
  if ('fault' in list)
    return EXPRESSION_SIGNS.test(bare(text)) ? { fault: `${list.fault}; ${globsOnly}` } : list;
  const odd = list.value.find((pattern) => EXPRESSION_SIGNS.test(pattern));
  return {
    value: {
      arns: globList(list.value.filter(isArn)),
      names: globList(list.value.filter((pattern) => !isArn(pattern)).map(withoutSlash)),
      hint: odd === undefined ? undefined : `${globsOnly} like ${quote(odd)}`,
    },
  };
}

/**
 * Whether the list permits the role. Patterns must match as a whole, unlike kube2iam's expressions. 'unknown' if that depends on a
 * base ARN that is not known yet.
 */
export function listAllows(
  { arns, names }: AllowedRoles,
  roleArn: string,
  baseArn: string | undefined,
): Parsed<boolean | 'unknown'> {
  const work = listWork();
  const byArn = listMatches(arns, roleArn, work);
  if (byArn === undefined) return { fault: TOO_MUCH_WORK };
  if (byArn) return { value: true };
  if (baseArn === undefined) return { value: names.exact.size + names.globs.length > 0 ? 'unknown' : false };
  if (!roleArn.startsWith(baseArn)) return { value: false };
  const byName = listMatches(names, roleArn.slice(baseArn.length), work);
  return byName === undefined ? { fault: TOO_MUCH_WORK } : { value: byName };
}

/** All patterns of the list that permit the role. `exact`: the pattern permits no other. */
export function permittingPatterns(
  { arns, names }: AllowedRoles,
  roleArn: string,
  baseArn: string | undefined,
): readonly { readonly pattern: string; readonly exact: boolean }[] {
  const work = listWork();
  const byArn = matchingPatterns(arns, roleArn, work);
  if (baseArn === undefined || !roleArn.startsWith(baseArn)) return byArn;
  return [...byArn, ...matchingPatterns(names, roleArn.slice(baseArn.length), work)];
}

function isArn(pattern: string): boolean {
  return pattern.startsWith('arn:');
}

/** `/path/name` is the same as path/name. */
function withoutSlash(pattern: string): string {
  return pattern.startsWith('/') ? pattern.slice(1) : pattern;
}

/** Without the outer brackets or braces, which alone do not indicate an expression. */
function bare(text: string): string {
  return text.replace(/^[[{]|[\]}]$/g, '');
}
