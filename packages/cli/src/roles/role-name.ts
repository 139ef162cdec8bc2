const RESOURCE = ':role/';

/**
 * True if both name the same role. Each is an ARN, a path/name or a /path/name; two ARNs are compared as a whole, because accounts
 * may have roles of the same name.
 */
export function isSameRole(a: string, b: string): boolean {
  if (isArn(a) && isArn(b)) return a === b;
  return pathAndName(a) === pathAndName(b);
}

function isArn(role: string): boolean {
  return role.startsWith('arn:');
}

function pathAndName(role: string): string {
  const name = isArn(role) ? role.slice(role.indexOf(RESOURCE) + RESOURCE.length) : role;
  return name.replace(/^\//, '');
}
