/** The value of an annotation that is longer than its limit: of it only its length is kept. */
export interface TooLong {
  readonly tooLongBytes: number;
  /** What may be kept; if there is a `budget`, what was left of it. */
  readonly limitBytes: number;
  /** Present: the value is within its limit, but all texts of its Namespace, or of all together, are not. */
  readonly budget?: 'Namespace' | 'server';
}

/** What an annotation holds. */
export type AnnotationValue = string | TooLong;

/** What Rolegate reads from Pods, ServiceAccounts and Namespaces (DESIGN.md 4.1). */
export const annotation = {
  role: 'iam.amazonaws.com/role',
  sessionName: 'iam.amazonaws.com/session-name',
  externalId: 'iam.amazonaws.com/external-id',
  sessionTags: 'rolegate.dev/session-tags',
  metadata: 'rolegate.dev/metadata',
  permitted: 'iam.amazonaws.com/permitted',
  allowedRoles: 'iam.amazonaws.com/allowed-roles',
  defaultRole: 'rolegate.dev/default-role',
  permittedExternalIds: 'rolegate.dev/permitted-external-ids',
  permittedSessionTags: 'rolegate.dev/permitted-session-tags',
} as const;

/** Those that are read, by the kind of object they are on. */
export const annotationKeys = {
  Pod: [
    annotation.role,
    annotation.sessionName,
    annotation.externalId,
    annotation.metadata,
    annotation.sessionTags,
  ],
  Namespace: [
    annotation.permitted,
    annotation.allowedRoles,
    annotation.defaultRole,
    annotation.metadata,
    annotation.permittedExternalIds,
    annotation.permittedSessionTags,
  ],
  ServiceAccount: [annotation.role],
  Node: [],
} as const;

/** Longest values that are read, in bytes of UTF-8 (DESIGN.md 4.11). Others: `OTHER_LIMIT_BYTES`. */
const LIMIT_BYTES: Readonly<Record<string, number>> = {
  [annotation.permitted]: 4096,
  [annotation.allowedRoles]: 65_536,
  [annotation.permittedExternalIds]: 65_536,
  [annotation.permittedSessionTags]: 65_536,
  [annotation.sessionTags]: 16_384,
};
const OTHER_LIMIT_BYTES = 2048;

/** The value as it may be kept and read: itself, or how much too long it is. */
export function withinLimit(key: string, value: string): AnnotationValue {
  const limitBytes = limitBytesOf(key);
  // No character takes more than three bytes a UTF-16 unit: most values need not be counted.
  if (value.length * 3 <= limitBytes) return value;
  const tooLongBytes = Buffer.byteLength(value);
  return tooLongBytes <= limitBytes ? value : { tooLongBytes, limitBytes };
}

/** The longest value of the annotation that is read. Bytes of UTF-8. */
export function limitBytesOf(key: string): number {
  return LIMIT_BYTES[key] ?? OTHER_LIMIT_BYTES;
}
