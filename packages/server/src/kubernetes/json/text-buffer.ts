const FIRST = 16 * 1024;

/** Builds a JSON text piece by piece, and reuses the memory for the next one. */
export interface TextBuffer {
  readonly length: number;
  /** False if the text became too large. */
  readonly fits: boolean;
  byte(byte: number): void;
  bytes(bytes: Uint8Array): void;
  /** Truncates the text. */
  cut(length: number): void;
  text(from: number, to: number): string;
  /** The text so far; its bytes are valid until the next call. */
  view(): Buffer;
}

/** `most`: the longest text that fits. Bytes. */
export function createTextBuffer(most: number): TextBuffer {
  let buffer = Buffer.allocUnsafeSlow(FIRST);
  let length = 0;
  let fits = true;

  function grow(needed: number): boolean {
    if (needed > most) {
      fits = false;
      return false;
    }
    const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, buffer.length * 2)));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
    return true;
  }

  return {
    get length() {
      return length;
    },
    get fits() {
      return fits;
    },
    byte(byte) {
      if (length === buffer.length && !grow(length + 1)) return;
      buffer[length] = byte;
      length += 1;
    },
    bytes(bytes) {
      if (length + bytes.length > buffer.length && !grow(length + bytes.length)) return;
      buffer.set(bytes, length);
      length += bytes.length;
    },
    cut(to) {
      length = to;
      if (to > 0) return;
      fits = true;
      // The memory of one large object is not kept for those that follow.
      if (buffer.length > FIRST * 16) buffer = Buffer.allocUnsafeSlow(FIRST);
    },
    text: (from, to) => buffer.toString('utf8', from, to),
    view: () => buffer.subarray(0, length),
  };
}
