import { annotation, withinLimit } from '../annotations/annotations.ts';
import type { AnnotationValue, TooLong } from '../annotations/annotations.ts';

/** What came of reading foreign text. A fault completes the sentence "<annotation> of <object> …". */
export type Parsed<T> = { readonly value: T } | { readonly fault: string };

export type Annotations = Readonly<Record<string, AnnotationValue | undefined>>;

/**
 * The annotation's text without white space at its ends, or how much too long it is. Undefined if it is absent, empty or
 * blank: charts render `role: ""` to say "no role". Only an empty `permitted-external-ids` says something: '' is returned.
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
  return `is ${tooLongBytes} bytes long, and of what the annotations of ${whose} may take together ${limitBytes} are left`;
}

/** Reads one annotation; its fault says which. */
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

/** What the annotation says, or `absent` without it. */
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
