import { annotationRegister, OTHER_LIMIT_BYTES } from './register.ts';
import type { AnnotationRow, Kind } from './register.ts';

/** An annotation whose value is longer than its limit: only its length is kept. */
export interface TooLong {
  readonly tooLongBytes: number;
  /** The limit; if there is a `budget`, what was left of it. */
  readonly limitBytes: number;
  /** Set if the value is within its own limit, but the texts of its Namespace, or of the cluster, are not. */
  readonly budget?: 'Namespace' | 'server';
}

/** An annotation's value as the server keeps it. */
export type AnnotationValue = string | TooLong;

type Register = typeof annotationRegister;

const rows: readonly AnnotationRow[] = Object.values(annotationRegister);

/** The keys by their names in code. */
export const annotation = Object.fromEntries(
  Object.entries(annotationRegister).map(([name, { key }]) => [name, key]),
) as { readonly [Name in keyof Register]: Register[Name]['key'] };

/** The keys that are read, by the kind of object. */
export const annotationKeys: Readonly<Record<Kind, readonly string[]>> = {
  Pod: keysOn('Pod'),
  Namespace: keysOn('Namespace'),
  ServiceAccount: keysOn('ServiceAccount'),
  Node: keysOn('Node'),
};

/** A Pod with any of these intends to use AWS. */
export const roleAnnotations: readonly string[] = rows
  .filter(({ asksForRole }) => asksForRole === true)
  .map(({ key }) => key);

const LIMIT_BYTES: Readonly<Record<string, number>> = Object.fromEntries(
  rows.map(({ key, limitBytes }) => [key, limitBytes]),
);

/** Bytes of UTF-8. */
export function limitBytesOf(key: string): number {
  return LIMIT_BYTES[key] ?? OTHER_LIMIT_BYTES;
}

/** The value, or its length if it is too long. */
export function withinLimit(key: string, value: string): AnnotationValue {
  const limitBytes = limitBytesOf(key);
  // A UTF-16 unit takes at most three bytes in UTF-8, so most values need no counting.
  if (value.length * 3 <= limitBytes) return value;
  const tooLongBytes = Buffer.byteLength(value);
  return tooLongBytes <= limitBytes ? value : { tooLongBytes, limitBytes };
}

function keysOn(kind: Kind): readonly string[] {
  return rows.filter(({ on }) => on.includes(kind)).map(({ key }) => key);
}
