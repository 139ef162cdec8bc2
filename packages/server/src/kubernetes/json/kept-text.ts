/** More than any object needs whose fields are within their limits. Bytes. */
const MOST = 2 * 1024 * 1024;
const FIRST = 16 * 1024;

/** The JSON text that is put together of what is kept. Its memory is used again for the next one. */
export interface KeptText {
  readonly length: number;
  /** False: it has become too large. */
  readonly fits: boolean;
  byte(byte: number): void;
  bytes(bytes: Uint8Array): void;
  /** Forgets what is behind the place. */
  cut(length: number): void;
  text(from: number, to: number): string;
}

export function createKeptText(): KeptText {
  let kept = Buffer.allocUnsafeSlow(FIRST);
  let length = 0;
  let fits = true;

  function grow(needed: number): boolean {
    if (needed > MOST) {
      fits = false;
      return false;
    }
    const larger = Buffer.allocUnsafeSlow(Math.min(MOST, Math.max(needed, kept.length * 2)));
    kept.copy(larger, 0, 0, length);
    kept = larger;
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
      if (length === kept.length && !grow(length + 1)) return;
      kept[length] = byte;
      length += 1;
    },
    bytes(bytes) {
      if (length + bytes.length > kept.length && !grow(length + bytes.length)) return;
      kept.set(bytes, length);
      length += bytes.length;
    },
    cut(to) {
      length = to;
      if (to > 0) return;
      fits = true;
      // One large object does not keep its memory for all that follow.
      if (kept.length > FIRST * 16) kept = Buffer.allocUnsafeSlow(FIRST);
    },
    text: (from, to) => kept.toString('utf8', from, to),
  };
}
