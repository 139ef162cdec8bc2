import { MOST_ITEMS } from './shape.ts';
import type { ListShape, ObjectShape, Shape } from './shape.ts';

/** Cuts a parsed JSON value down to a shape, as a JsonCut cuts its text. `item`: given what is listed `oneByOne`. */
export function cutValue(value: unknown, shape: Shape, item: (value: unknown) => void): unknown {
  if ('longest' in shape) return cutScalar(value, shape.longest);
  if ('each' in shape) return Array.isArray(value) ? cutList(value, shape, item) : null;
  return isObject(value) ? cutObject(value, shape, item) : null;
}

function cutScalar(value: unknown, longest: number): unknown {
  if (typeof value === 'object') return null;
  // A character is three bytes of UTF-8 at most.
  if (typeof value !== 'string' || value.length * 3 <= longest) return value;
  const size = Buffer.byteLength(value);
  return size > longest ? { tooLong: size } : value;
}

function cutList(
  values: readonly unknown[],
  { each, oneByOne = false }: ListShape,
  item: (value: unknown) => void,
): unknown {
  if (!oneByOne) return values.slice(0, MOST_ITEMS).map((value) => cutValue(value, each, item));
  for (const value of values) item(cutValue(value, each, item));
  return [];
}

function cutObject(
  value: Readonly<Record<string, unknown>>,
  { members }: ObjectShape,
  item: (value: unknown) => void,
): unknown {
  const kept: Record<string, unknown> = {};
  for (const [key, shape] of Object.entries(members))
    if (Object.hasOwn(value, key)) kept[key] = cutValue(value[key], shape, item);
  return kept;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
