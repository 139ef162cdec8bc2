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

/** Longest values that are read, in bytes of UTF-8 (DESIGN.md 4.11). Others: `OTHER_LIMIT_BYTES`. */
const LIMIT_BYTES: Readonly<Record<string, number>> = {
  'iam.amazonaws.com/permitted': 4096,
  'iam.amazonaws.com/allowed-roles': 65_536,
  'rolegate.dev/permitted-external-ids': 65_536,
  'rolegate.dev/permitted-session-tags': 65_536,
  'rolegate.dev/session-tags': 16_384,
};
const OTHER_LIMIT_BYTES = 2048;

/** The value as it may be kept and read: itself, or how much too long it is. */
export function withinLimit(key: string, value: string): AnnotationValue {
  const limitBytes = LIMIT_BYTES[key] ?? OTHER_LIMIT_BYTES;
  // No character takes more than three bytes a UTF-16 unit: most values need not be counted.
  if (value.length * 3 <= limitBytes) return value;
  const tooLongBytes = Buffer.byteLength(value);
  return tooLongBytes <= limitBytes ? value : { tooLongBytes, limitBytes };
}

/** The longest value of the annotation that is read. Bytes of UTF-8. */
export function limitBytesOf(key: string): number {
  return LIMIT_BYTES[key] ?? OTHER_LIMIT_BYTES;
}
