const FIRST = 16 * 1024;

/** A JSON text that is put together piece by piece. Its memory is used again for the next one. */
export interface KeptText {
  readonly length: number;
  /** False: it has become too large. */
  readonly fits: boolean;
  byte(byte: number): void;
  bytes(bytes: Uint8Array): void;
  /** Forgets what is behind the place. */
  cut(length: number): void;
  text(from: number, to: number): string;
  /** The text so far; its bytes are valid until the next call. */
  view(): Buffer;
}

/** `most`: a longer text does not fit. Bytes. */
export function createKeptText(most: number): KeptText {
  let kept = Buffer.allocUnsafeSlow(FIRST);
  let length = 0;
  let fits = true;

  function grow(needed: number): boolean {
    if (needed > most) {
      fits = false;
      return false;
    }
    const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, kept.length * 2)));
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
    view: () => kept.subarray(0, length),
  };
}
