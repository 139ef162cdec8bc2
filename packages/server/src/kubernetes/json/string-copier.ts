import type { TextBuffer } from './text-buffer.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** Copies a string value, and counts its unescaped size. */
export interface StringCopier {
  begin(longest: number): void;
  /** The offset after the closing quote; -1 if the chunk ends before it. */
  copy(chunk: Buffer, from: number, to: number): number;
}

/** Writes the size of a string that is longer than its limit, see shape.ts. */
export function createStringCopier(buffer: TextBuffer): StringCopier {
  const escapes = createEscapes();
  let longest = 0;
  let start = 0;
  let size = 0;

  /** Copies up to the next quote or backslash. */
  function copyPlain(chunk: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at += 1;
    size += at - from;
    if (size <= longest && at > from) buffer.bytes(chunk.subarray(from, at));
    return at;
  }

  function close(): void {
    if (size <= longest) {
      buffer.byte(QUOTE);
      return;
    }
    buffer.cut(start);
    buffer.bytes(Buffer.from(JSON.stringify({ tooLong: size })));
  }

  return {
    begin(limit) {
      longest = limit;
      start = buffer.length;
      size = 0;
      escapes.begin();
      buffer.byte(QUOTE);
    },
    copy(chunk, from, to) {
      let at = from;
      while (at < to) {
        const isPlain = !escapes.isOpen();
        if (isPlain) at = copyPlain(chunk, at, to);
        if (at === to) return -1;
        const byte = chunk[at] ?? 0;
        at += 1;
        if (byte === QUOTE && isPlain) {
          close();
          return at;
        }
        size += escapes.sizeAt(byte);
        if (size <= longest) buffer.byte(byte);
      }
      return -1;
    },
  };
}

/** Counts the unescaped size of escapes. */
function createEscapes() {
  /** Hexadecimal digits left in an escape; -1 after a backslash. */
  let digits = 0;
  let code = 0;
  return {
    begin(): void {
      digits = 0;
    },
    isOpen: () => digits !== 0,
    /** The size of the character that this byte completes; 0 within an escape. Bytes of UTF-8. */
    sizeAt(byte: number): number {
      if (digits === 0) {
        digits = -1;
        return 0;
      }
      if (digits < 0) {
        digits = byte === LETTER_U ? 4 : 0;
        code = 0;
        return digits === 0 ? 1 : 0;
      }
      digits -= 1;
      code = code * 16 + Number.parseInt(String.fromCharCode(byte), 16);
      return digits === 0 ? sizeOf(code) : 0;
    },
  };
}

/** Bytes of UTF-8; a surrogate counts as half of its pair's four. */
function sizeOf(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code >= 0xd800 && code <= 0xdfff ? 2 : 3;
}
