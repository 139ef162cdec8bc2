import { annotationRegister, OTHER_LIMIT_BYTES } from './register.ts';
import type { AnnotationRow, Kind } from './register.ts';

/** The value of an annotation that is longer than its limit: of it only its length is kept. */
export interface TooLong {
  readonly tooLongBytes: number;
  /** What may be kept; if there is a `budget`, what was left of it. */
  readonly limitBytes: number;
  /** Present: the value is within its limit, but all texts of its Namespace, or of all together, are not. */
  readonly budget?: 'Namespace' | 'server';
}

/** The value of an annotation as it is kept. */
export type AnnotationValue = string | TooLong;

type Register = typeof annotationRegister;

const rows: readonly AnnotationRow[] = Object.values(annotationRegister);

/** The keys, by the names that code calls them. */
export const annotation = Object.fromEntries(
  Object.entries(annotationRegister).map(([name, { key }]) => [name, key]),
) as { readonly [Name in keyof Register]: Register[Name]['key'] };

/** Those that are read, by the kind of object they are on. */
export const annotationKeys: Readonly<Record<Kind, readonly string[]>> = {
  Pod: keysOn('Pod'),
  Namespace: keysOn('Namespace'),
  ServiceAccount: keysOn('ServiceAccount'),
  Node: keysOn('Node'),
};

/** If a Pod has any of these, it means to use AWS. */
export const roleAnnotations: readonly string[] = rows
  .filter(({ asksForRole }) => asksForRole === true)
  .map(({ key }) => key);

const LIMIT_BYTES: Readonly<Record<string, number>> = Object.fromEntries(
  rows.map(({ key, limitBytes }) => [key, limitBytes]),
);

/** The longest value of the annotation that is read. Bytes of UTF-8. */
export function limitBytesOf(key: string): number {
  return LIMIT_BYTES[key] ?? OTHER_LIMIT_BYTES;
}

/** The value as it may be kept and read: itself, or how much too long it is. */
export function withinLimit(key: string, value: string): AnnotationValue {
  const limitBytes = limitBytesOf(key);
  // No character takes more than three bytes a UTF-16 unit: most values need not be counted.
  if (value.length * 3 <= limitBytes) return value;
  const tooLongBytes = Buffer.byteLength(value);
  return tooLongBytes <= limitBytes ? value : { tooLongBytes, limitBytes };
}

function keysOn(kind: Kind): readonly string[] {
  return rows.filter(({ on }) => on.includes(kind)).map(({ key }) => key);
}
