import { annotation, withinLimit } from '../annotations/annotations.ts';
import type { AnnotationValue, TooLong } from '../annotations/annotations.ts';

/** The result of parsing a foreign text. A fault completes the sentence "<annotation> of <object> …". */
export type Parsed<T> = { readonly value: T } | { readonly fault: string };

export type Annotations = Readonly<Record<string, AnnotationValue | undefined>>;

/**
 * The annotation's trimmed text, or its length if it is too long. Undefined if it is absent, empty or blank, because charts render
 * `role: ""` for "no role". Only for `permitted-external-ids` an empty text has a meaning, and '' is returned.
 */
export function valueOf(annotations: Annotations, key: string): AnnotationValue | undefined {
  const whole = annotations[key];
  if (whole === undefined) return undefined;
  const value = typeof whole === 'string' ? withinLimit(key, whole) : whole;
  if (typeof value !== 'string') return value;
  const text = value.trim();
  return text === '' && key !== annotation.permittedExternalIds ? undefined : text;
}

/** Completes the sentence "<annotation> of <object> …". */
export function tooLongFault({ tooLongBytes, limitBytes, budget }: TooLong): string {
  if (budget === undefined) return `is ${tooLongBytes} bytes long; ${limitBytes} are allowed`;
  const whose = budget === 'Namespace' ? 'its Namespace' : 'the cluster';
  return `is ${tooLongBytes} bytes long; ${limitBytes} bytes are left of the limit for all annotations of ${whose}`;
}

/** Reads one annotation; a fault begins with its key. */
export function optional<T>(
  annotations: Annotations,
  key: string,
  parse: (text: string) => Parsed<T>,
): Parsed<T | undefined> {
  const text = valueOf(annotations, key);
  if (text === undefined) return { value: undefined };
  if (typeof text !== 'string') return { fault: `${key} ${tooLongFault(text)}` };
  const parsed = parse(text);
  return 'fault' in parsed ? { fault: `${key} ${parsed.fault}` } : parsed;
}

/** The parsed annotation, or `absent` if it is not set. */
export function readRule<T>(
  annotations: Annotations,
  key: string,
  absent: Parsed<T>,
  read: (text: string) => Parsed<T>,
): Parsed<T> {
  const text = valueOf(annotations, key);
  if (text === undefined) return absent;
  return typeof text === 'string' ? read(text) : { fault: tooLongFault(text) };
}
