import { createKeptString } from './kept-string.ts';
import { createKeptText } from './kept-text.ts';
import { createKeyReader } from './key-reader.ts';
import { MOST_ITEMS, prepare } from './shape.ts';
import type { Node, Shape } from './shape.ts';
import { createSkipper } from './skip.ts';

/** More than any object needs whose fields are within their limits. Bytes. */
const MOST_KEPT = 2 * 1024 * 1024;
/** A number, true, false or null. Bytes. */
const LONGEST_LITERAL = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const NULL = Buffer.from('null');

/** What is expected next. */
const [VALUE, FIRST_ITEM, KEY, FIRST_KEY, IN_KEY, BEFORE_COLON, AFTER, LITERAL, KEEPING, SKIPPING, END] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
] as const;

export type CutText =
  | { readonly text: string }
  /** It is no JSON. `text`: what was whole of it, as JSON. */
  | { readonly fault: string; readonly text: string };

/** Cuts one JSON text after another down to a shape while it comes in, in bounded memory and without recursion. */
export interface JsonCut {
  push(chunk: Buffer, from: number, to: number): void;
  /** Nothing more is of use: it is no JSON. */
  readonly broken: boolean;
  /** The text is over; the next one begins. */
  end(): CutText;
}

interface Frame {
  readonly node: Node;
  /** Members or items that are kept. */
  count: number;
}

/**
 * Numbers, words and nested values that are left out are not checked, beyond that their strings and brackets end. The
 * caller parses what is kept, and so finds what is wrong with that. `item`: given what is listed `oneByOne`.
 */
export function createJsonCut(shape: Shape, item: (text: string) => void = () => undefined): JsonCut {
  const root = prepare(shape);
  const kept = createKeptText(MOST_KEPT);
  const keptString = createKeptString(kept);
  const skipper = createSkipper();
  const keys = createKeyReader();
  const frames: Frame[] = [];
  let state: number = VALUE;
  let wanted: Node | undefined = root;
  let fault = '';
  let itemStart = 0;
  let literalLength = 0;
  const whole = { length: 0, depth: 0 };

  function reset(): void {
    frames.length = 0;
    state = VALUE;
    wanted = root;
    fault = '';
    kept.cut(0);
    whole.length = 0;
    whole.depth = 0;
  }

  /** What is in the place of a value of another type than the shape's. */
  function keepNothing(): void {
    if (wanted !== undefined) kept.bytes(NULL);
  }

  function done(): void {
    const frame = frames[frames.length - 1];
    state = frame === undefined ? END : AFTER;
    if (frame?.node.oneByOne === true) {
      if (kept.fits) item(kept.text(itemStart, kept.length));
      kept.cut(itemStart);
    }
    whole.length = kept.length;
    whole.depth = frames.length;
    if (!kept.fits) fault = 'its fields are too large';
  }

  function close(): void {
    const isList = frames.pop()?.node.kind === 'list';
    kept.byte(isList ? CLOSE_LIST : CLOSE_OBJECT);
    done();
  }

  function beginItem({ node, count }: Frame): void {
    wanted = node.oneByOne || count < MOST_ITEMS ? node.each : undefined;
    if (node.oneByOne) itemStart = kept.length;
    else if (count > 0 && wanted !== undefined) kept.byte(COMMA);
  }

  function beginValue(byte: number): void {
    const frame = frames[frames.length - 1];
    if (frame?.node.kind === 'list') {
      beginItem(frame);
      frame.count += 1;
    }
    if (byte === QUOTE) beginString();
    else if (byte === OPEN_OBJECT) open('object', byte, FIRST_KEY);
    else if (byte === OPEN_LIST) open('list', byte, FIRST_ITEM);
    else beginLiteral(byte);
  }

  function beginString(): void {
    if (wanted?.kind === 'scalar') {
      state = KEEPING;
      keptString.begin(wanted.longest);
      return;
    }
    keepNothing();
    state = SKIPPING;
    skipper.begin(0);
  }

  function open(kind: Node['kind'], byte: number, next: number): void {
    if (wanted?.kind === kind) {
      frames.push({ node: wanted, count: 0 });
      kept.byte(byte);
      state = next;
      return;
    }
    keepNothing();
    state = SKIPPING;
    skipper.begin(1);
  }

  function beginLiteral(byte: number): void {
    if (isDelimiter(byte) || byte === COLON) fault = 'a value is missing';
    if (wanted?.kind === 'scalar') kept.byte(byte);
    else keepNothing();
    literalLength = 1;
    state = LITERAL;
  }

  function inLiteral(chunk: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at += 1) {
      const byte = chunk[at] ?? 0;
      if (isDelimiter(byte) || isSpace(byte)) {
        done();
        return at;
      }
      literalLength += 1;
      if (wanted?.kind === 'scalar') kept.byte(byte);
      if (literalLength > LONGEST_LITERAL) fault = 'a value is no JSON';
    }
    return to;
  }

  function endKey(): void {
    const frame = frames[frames.length - 1];
    const member = frame && keys.find(frame.node);
    wanted = member?.node;
    state = BEFORE_COLON;
    if (frame === undefined || member === undefined) return;
    if (frame.count > 0) kept.byte(COMMA);
    frame.count += 1;
    kept.bytes(member.written);
  }

  function beginKey(): void {
    state = IN_KEY;
    keys.begin();
  }

  function inKey(chunk: Buffer, from: number, to: number): number {
    const end = keys.read(chunk, from, to);
    if (end < 0) return to;
    endKey();
    return end;
  }

  function token(byte: number): void {
    if (isSpace(byte)) return;
    const isList = frames[frames.length - 1]?.node.kind === 'list';
    if (state === VALUE || (state === FIRST_ITEM && byte !== CLOSE_LIST)) beginValue(byte);
    else if ((state === KEY || state === FIRST_KEY) && byte === QUOTE) beginKey();
    else if (state === BEFORE_COLON && byte === COLON) state = VALUE;
    else if (state === AFTER && byte === COMMA) state = isList ? VALUE : KEY;
    else if (byte === CLOSE_LIST && isList && (state === AFTER || state === FIRST_ITEM)) close();
    else if (byte === CLOSE_OBJECT && !isList && (state === AFTER || state === FIRST_KEY)) close();
    else fault = state === END ? 'something follows it' : 'it is no JSON';
  }

  function step(chunk: Buffer, from: number, to: number): number {
    switch (state) {
      case SKIPPING:
        return ended(skipper.skip(chunk, from, to), to);
      case KEEPING:
        return ended(keptString.copy(chunk, from, to), to);
      case IN_KEY:
        return inKey(chunk, from, to);
      case LITERAL:
        return inLiteral(chunk, from, to);
      default:
        token(chunk[from] ?? 0);
        return from + 1;
    }
  }

  function ended(end: number, to: number): number {
    if (end < 0) return to;
    done();
    return end;
  }

  /** What was whole when it broke, with its brackets closed. */
  function salvage(): string {
    const open = frames.slice(0, whole.depth).reverse();
    return kept.text(0, whole.length) + open.map(({ node }) => (node.kind === 'list' ? ']' : '}')).join('');
  }

  return {
    push(chunk, from, to) {
      let at = from;
      while (at < to && fault === '') at = step(chunk, at, to);
    },
    get broken() {
      return fault !== '';
    },
    end() {
      if (state === LITERAL) done();
      const isWhole = fault === '' && state === END;
      const cut = isWhole
        ? { text: kept.text(0, kept.length) }
        : { fault: fault === '' ? 'it is cut short' : fault, text: salvage() };
      reset();
      return cut;
    },
  };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDelimiter(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT;
}
