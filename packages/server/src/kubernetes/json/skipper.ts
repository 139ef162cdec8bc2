const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** This many bytes of a string are compared before its end is searched with indexOf, because most strings are short. */
const NEAR = 24;

/** Finds the ends of strings and brackets in chunks. */
export interface Skipper {
  /** Begins to skip a string (0) or a list or object (1). */
  begin(brackets: 0 | 1): void;
  /** The offset after the end; -1 if the chunk ends before it. */
  skip(chunk: Buffer, from: number, to: number): number;
}

export function createSkipper(): Skipper {
  const ends = createStringEnds();
  let depth = 0;
  let inString = false;

  function skipBrackets(chunk: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      const byte = chunk[at] ?? 0;
      at += 1;
      if (byte === QUOTE) {
        const near = Math.min(to, at + NEAR);
        while (at < near && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at += 1;
        const end = ends.find(chunk, at, to);
        if (end < 0) {
          inString = true;
          return -1;
        }
        at = end;
      } else if ((byte | 0x20) === 0x7b) {
        depth += 1;
      } else if ((byte | 0x20) === 0x7d) {
        depth -= 1;
        if (depth === 0) return at;
      }
    }
    return -1;
  }

  return {
    begin(brackets) {
      depth = brackets;
      inString = brackets === 0;
      ends.begin();
    },
    skip(chunk, from, to) {
      let at = from;
      if (inString) {
        at = ends.find(chunk, at, to);
        if (at < 0) return -1;
        inString = false;
        if (depth === 0) return at;
      }
      return skipBrackets(chunk, at, to);
    },
  };
}

/** Finds the ends of strings, reading each byte a bounded number of times. */
function createStringEnds() {
  let escaped = false;
  // The next quote and backslash in this chunk after the last search.
  let searched: Buffer | undefined;
  let nextQuote = -1;
  let nextBackslash = -1;

  /** The next quote or backslash, or the end. */
  function jump(chunk: Buffer, at: number, to: number): number {
    if (searched !== chunk) {
      searched = chunk;
      nextQuote = -1;
      nextBackslash = -1;
    }
    if (nextQuote < at) nextQuote = indexIn(chunk, QUOTE, at);
    if (nextBackslash < at) nextBackslash = indexIn(chunk, BACKSLASH, at);
    return Math.min(nextQuote, nextBackslash, to);
  }

  return {
    begin(): void {
      escaped = false;
    },
    /** The offset after the closing quote, or -1. */
    find(chunk: Buffer, from: number, to: number): number {
      let at = from;
      if (escaped) {
        escaped = false;
        at += 1;
      }
      let near = at + NEAR;
      while (at < to) {
        const byte = chunk[at];
        if (byte === QUOTE) return at + 1;
        if (byte === BACKSLASH) {
          at += 2;
          escaped = at > to;
          continue;
        }
        at += 1;
        if (at < near) continue;
        at = jump(chunk, at, to);
        near = at + NEAR;
      }
      return -1;
    },
  };
}

function indexIn(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at < 0 ? chunk.length : at;
}
