import type { KeyReader } from './key-reader.ts';
import { MOST_ITEMS, prepare } from './shape.ts';
import type { Node, Shape } from './shape.ts';
import { createTextBuffer } from './text-buffer.ts';
import type { TextBuffer } from './text-buffer.ts';

/** More than any object needs if its fields are within their limits. Bytes. */
const MOST_KEPT = 2 * 1024 * 1024;

const COMMA = 0x2c;
const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;
const NULL = Buffer.from('null');

/** The parts of a JSON text that a shape keeps, built while the text is read. */
export interface CutOutput {
  readonly buffer: TextBuffer;
  /** The shape of the current value; undefined if it is left out. */
  readonly wanted: () => Node | undefined;
  readonly isInList: () => boolean;
  /** Whether no list or object is open. */
  readonly isOver: () => boolean;
  /** A value begins. */
  readonly begin: () => void;
  /** The value has another type than the shape. */
  readonly mismatch: () => void;
  /** A list or object begins; it is entered if this returns true. */
  readonly open: (kind: Node['kind'], byte: number) => boolean;
  /** The key of a member has been read. */
  readonly key: (keys: KeyReader) => void;
  /** The open list or object is closed. */
  readonly close: () => void;
  /** A value has ended. */
  readonly done: () => void;
  /** The complete values before a broken text ended, with brackets closed. */
  readonly salvage: () => string;
  readonly reset: () => void;
}

interface Frame {
  readonly node: Node;
  /** The number of kept members or items. */
  count: number;
}

/** `item` gets the items of lists that are `oneByOne`. */
export function createCutOutput(shape: Shape, item: (text: string) => void): CutOutput {
  const root = prepare(shape);
  const buffer = createTextBuffer(MOST_KEPT);
  const frames: Frame[] = [];
  let wanted: Node | undefined = root;
  let itemStart = 0;
  const whole = { length: 0, depth: 0 };
  return {
    buffer,
    wanted: () => wanted,
    isInList: () => frames[frames.length - 1]?.node.kind === 'list',
    isOver: () => frames.length === 0,
    begin() {
      const frame = frames[frames.length - 1];
      if (frame?.node.kind !== 'list') return;
      const { node, count } = frame;
      wanted = node.oneByOne || count < MOST_ITEMS ? node.each : undefined;
      if (node.oneByOne) itemStart = buffer.length;
      else if (count > 0 && wanted !== undefined) buffer.byte(COMMA);
      frame.count += 1;
    },
    mismatch() {
      if (wanted !== undefined) buffer.bytes(NULL);
    },
    open(kind, byte) {
      if (wanted?.kind !== kind) return false;
      frames.push({ node: wanted, count: 0 });
      buffer.byte(byte);
      return true;
    },
    key(keys) {
      const frame = frames[frames.length - 1];
      const member = frame && keys.find(frame.node);
      wanted = member?.node;
      if (frame === undefined || member === undefined) return;
      if (frame.count > 0) buffer.byte(COMMA);
      frame.count += 1;
      buffer.bytes(member.written);
    },
    close() {
      buffer.byte(frames.pop()?.node.kind === 'list' ? CLOSE_LIST : CLOSE_OBJECT);
    },
    done() {
      if (frames[frames.length - 1]?.node.oneByOne === true) {
        if (buffer.fits) item(buffer.text(itemStart, buffer.length));
        buffer.cut(itemStart);
      }
      whole.length = buffer.length;
      whole.depth = frames.length;
    },
    salvage: () => buffer.text(0, whole.length) + closingOf(frames.slice(0, whole.depth)),
    reset() {
      frames.length = 0;
      wanted = root;
      buffer.cut(0);
      whole.length = 0;
      whole.depth = 0;
    },
  };
}

function closingOf(open: readonly Frame[]): string {
  return open
    .map(({ node }) => (node.kind === 'list' ? ']' : '}'))
    .reverse()
    .join('');
}
