/** The credentials in a document. Times are in milliseconds since the epoch. */
export interface CredentialsForDocument {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** 12 digits, or '' if the role ARN has none; the document then names no account. */
  readonly accountId: string;
  readonly lastUpdatedMs: number;
  readonly expirationMs: number;
}

/** The content of an IMDS error document. */
export interface ErrorForDocument {
  /** Such as AssumeRoleUnauthorizedAccess. */
  readonly code: string;
  /** The Pod reads it: it may name the Pod's own role, but nothing of others. */
  readonly message: string;
  readonly nowMs: number;
}

/** The document of `security-credentials/ROLE` as IMDS formats it, without a trailing newline. */
export function credentialsDocument({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  accountId,
  lastUpdatedMs,
  expirationMs,
}: CredentialsForDocument): string {
  return imdsJson([
    ['Code', 'Success'],
    ['LastUpdated', imdsTime(lastUpdatedMs)],
    ['Type', 'AWS-HMAC'],
    ['AccessKeyId', accessKeyId],
    ['SecretAccessKey', secretAccessKey],
    ['Token', sessionToken],
    ['Expiration', imdsTime(expirationMs)],
    ...(accountId === '' ? [] : [['AccountId', accountId] as const]),
  ]);
}

/** The document that IMDS answers with status 200 if the role cannot be assumed. */
export function errorDocument({ code, message, nowMs }: ErrorForDocument): string {
  return imdsJson([
    ['Code', code],
    ['Message', message],
    ['LastUpdated', imdsTime(nowMs)],
  ]);
}

/** Whole seconds and a literal Z: botocore parses no other form. Truncated, not rounded up, so that no lifetime grows. */
export function imdsTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** JSON as IMDS formats it: one member per line, indented by two spaces, with ` : ` between name and value. */
export function imdsJson(members: readonly (readonly [name: string, value: string])[]): string {
  const lines = members.map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}
