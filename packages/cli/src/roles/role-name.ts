const RESOURCE = ':role/';
/** Path and name, or an ARN with them. The server checks them further. */
const ROLE = /^(?:arn:aws[a-z-]*:iam::\d{12}:role\/|\/)?[\w+=,.@-]+(?:\/[\w+=,.@-]+)*$/;

/** Why the text cannot be a role; undefined if it can. */
export function roleFault(text: string): string | undefined {
  if (ROLE.test(text) && text.length <= 2_048) return undefined;
  return `${JSON.stringify(text)} is no role: write its ARN (arn:aws:iam::123456789012:role/payments/orders) or its path and name (payments/orders)`;
}

/**
 * True if both name the same role. Each is an ARN, a path/name or a /path/name; two ARNs are compared as a whole, because accounts
 * may have roles of the same name.
 */
export function isSameRole(a: string, b: string): boolean {
  if (isArn(a) && isArn(b)) return a === b;
  return pathAndName(a) === pathAndName(b);
}

/** True if both have the same path and name, whatever their accounts are. */
export function isNamesake(a: string, b: string): boolean {
  return pathAndName(a) === pathAndName(b);
}

export function isArn(role: string): boolean {
  return role.startsWith('arn:');
}

/** The account of a role ARN; '' if it is none. */
export function accountOf(role: string): string {
  return isArn(role) ? (role.split(':')[4] ?? '') : '';
}

/** Without a leading slash; of an ARN, what follows `:role/`. */
export function pathAndName(role: string): string {
  const name = isArn(role) ? role.slice(role.indexOf(RESOURCE) + RESOURCE.length) : role;
  return name.replace(/^\//, '');
}

/**
 * How roles are shown in a table: by path and name, and with their account only if there are several. Names that the cluster does
 * not know the account of stay as they are.
 */
export function shortRoles(roles: readonly string[]): (role: string) => string {
  const accounts = new Set(roles.filter(isArn).map(accountOf));
  return (role) =>
    !isArn(role) ? role : accounts.size > 1 ? `${accountOf(role)}:${pathAndName(role)}` : pathAndName(role);
}
