import { parseJson } from '@rolegate/runtime';
import { createJsonCut } from './json-cut.ts';
import { MOST_ITEMS } from './shape.ts';
import type { ListShape, ObjectShape, Shape } from './shape.ts';
import { createTextBuffer } from './text-buffer.ts';

export type JsonRead =
  | { readonly value: unknown }
  /** The text is not JSON. `value`: the part that could be read; undefined if nothing. */
  | { readonly fault: string; readonly value: unknown };

/** Reads a sequence of JSON texts, cut down to a shape, in bounded memory. */
export interface JsonReader {
  push(chunk: Buffer, from: number, to: number): void;
  /** The text is not JSON, so the rest of it can be skipped. */
  readonly broken: boolean;
  /** Ends the text; the next one begins. */
  end(): JsonRead;
}

export interface JsonReaderOptions {
  readonly shape: Shape;
  /** A longer text is cut down as it is received, before it is parsed. Bytes. */
  readonly wholeBytes: number;
  /** Gets the items of lists that are `oneByOne`; undefined for an item that is not JSON. */
  readonly item?: (value: unknown) => void;
}

/** A short text is parsed whole, which is fastest. A text that is long or not valid for V8 is cut down first. */
export function createJsonReader({
  shape,
  wholeBytes,
  item = () => undefined,
}: JsonReaderOptions): JsonReader {
  const whole = createTextBuffer(wholeBytes);
  const cut = createJsonCut(shape, (text) => {
    item(parseJson(text));
  });
  let isCut = false;

  function beginCut(): void {
    isCut = true;
    const start = whole.view();
    cut.push(start, 0, start.length);
    whole.cut(0);
  }

  function endWhole(): JsonRead | undefined {
    const parsed = parseJson(whole.text(0, whole.length));
    if (parsed === undefined) return undefined;
    whole.cut(0);
    return { value: cutValue(parsed, shape, item) };
  }

  function endCut(): JsonRead {
    isCut = false;
    const read = cut.end();
    const value = parseJson(read.text);
    if ('fault' in read) return { fault: read.fault, value };
    return value === undefined ? { fault: 'it is not JSON', value } : { value };
  }

  return {
    push(chunk, from, to) {
      if (!isCut && whole.length + to - from > wholeBytes) beginCut();
      if (isCut) cut.push(chunk, from, to);
      else whole.bytes(chunk.subarray(from, to));
    },
    get broken() {
      return isCut && cut.broken;
    },
    end() {
      const read = isCut ? undefined : endWhole();
      if (read !== undefined) return read;
      if (!isCut) beginCut();
      return endCut();
    },
  };
}

/** Cuts a parsed JSON value down to a shape, as a JsonCut does with its text. */
function cutValue(value: unknown, shape: Shape, item: (value: unknown) => void): unknown {
  if ('longest' in shape) return cutScalar(value, shape.longest);
  if ('each' in shape) return Array.isArray(value) ? cutList(value, shape, item) : null;
  return isObject(value) ? cutObject(value, shape, item) : null;
}

function cutScalar(value: unknown, longest: number): unknown {
  if (typeof value === 'object') return null;
  // A UTF-16 unit takes at most three bytes in UTF-8.
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
