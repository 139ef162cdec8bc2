import { globMatches } from './glob.ts';

/**
 * kube2iam's list: a pattern is of a full ARN, or of path/name under the base ARN. Whole, where kube2iam's own regexp
 * format takes any part. Undefined where that needs a base ARN which is not known yet.
 */
export function listAllows(
  patterns: readonly string[],
  roleArn: string,
  baseArn: string | undefined,
): boolean | undefined {
  let unknown = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('arn:')) {
      if (globMatches(pattern, roleArn)) return true;
    } else if (baseArn === undefined) {
      unknown = true;
    } else if (
      roleArn.startsWith(baseArn) &&
      globMatches(withoutSlash(pattern), roleArn.slice(baseArn.length))
    ) {
      return true;
    }
  }
  return unknown ? undefined : false;
}

/** `/path/name` is a spelling of path/name. */
function withoutSlash(pattern: string): string {
  return pattern.startsWith('/') ? pattern.slice(1) : pattern;
}
