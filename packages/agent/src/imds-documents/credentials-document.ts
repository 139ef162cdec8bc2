/** Credentials as they are put into the document; times in milliseconds since the epoch. */
export interface CredentialsForDocument {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** 12 digits, or '' where the role ARN has none: then the document names no account. */
  readonly accountId: string;
  readonly lastUpdatedMs: number;
  readonly expirationMs: number;
}

/** The words of an IMDS error document. */
export interface ErrorForDocument {
  /** e.g. AssumeRoleUnauthorizedAccess. */
  readonly code: string;
  /** Goes to the Pod: it may name its own role, and nothing of others. */
  readonly message: string;
  readonly nowMs: number;
}

/** The document of `security-credentials/ROLE` as IMDS writes it, ready to send: no newline at its end. */
export function credentialsDocument({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  accountId,
  lastUpdatedMs,
  expirationMs,
}: CredentialsForDocument): Buffer {
  return Buffer.from(
    imdsJson([
      ['Code', 'Success'],
      ['LastUpdated', imdsTime(lastUpdatedMs)],
      ['Type', 'AWS-HMAC'],
      ['AccessKeyId', accessKeyId],
      ['SecretAccessKey', secretAccessKey],
      ['Token', sessionToken],
      ['Expiration', imdsTime(expirationMs)],
      ...(accountId === '' ? [] : [['AccountId', accountId] as const]),
    ]),
  );
}

/** What IMDS answers, with status 200, where the role cannot be assumed. */
export function errorDocument({ code, message, nowMs }: ErrorForDocument): Buffer {
  return Buffer.from(
    imdsJson([
      ['Code', code],
      ['Message', message],
      ['LastUpdated', imdsTime(nowMs)],
    ]),
  );
}

/** Whole seconds and a literal Z: botocore parses no other shape. Cut, not rounded: nothing lives longer by it. */
export function imdsTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** JSON as IMDS lays it out: one member a line, two spaces before it, ` : ` in it. */
export function imdsJson(members: readonly (readonly [name: string, value: string])[]): string {
  const lines = members.map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}
