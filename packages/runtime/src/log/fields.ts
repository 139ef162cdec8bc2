/** Longer texts are cut, because peers and annotations put text into log lines. Characters. */
const LONGEST_TEXT = 2_048;
/** Longer arrays are cut. */
const MOST_ITEMS = 128;
/** Values nested deeper are omitted. */
const DEEPEST = 4;

/** Cuts a text to 2,048 characters and appends how many were cut. */
export function cutText(text: string): string {
  const { length } = text;
  return length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${length - LONGEST_TEXT} more)`;
}

/**
 * Cuts the texts and arrays of log fields that are too long. Returns the same object if there are none. Errors are left
 * as they are.
 */
export function cutFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return cutMembers(fields, 1);
}

function cut(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cutText(value);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth > DEEPEST) return '…';
  return Array.isArray(value) ? cutItems(value, depth) : cutMembers(value as Record<string, unknown>, depth);
}

function cutMembers(fields: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  let changed: Record<string, unknown> | undefined;
  for (const key in fields) {
    const value = fields[key];
    const bounded = cut(value, depth + 1);
    if (bounded === value) continue;
    changed ??= { ...fields };
    changed[key] = bounded;
  }
  return changed ?? fields;
}

function cutItems(items: readonly unknown[], depth: number): readonly unknown[] {
  const bounded = items.slice(0, MOST_ITEMS).map((item) => cut(item, depth + 1));
  if (items.length > MOST_ITEMS) bounded.push(`… (${items.length - MOST_ITEMS} more)`);
  return bounded.some((item, at) => item !== items[at]) ? bounded : items;
}

/** Escapes control characters: values from annotations and peers must not start new log lines or control a terminal. */
export function onOneLine(value: string): string {
  return value.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
