import {
  BACKSLASH,
  BRACE,
  BROKEN,
  CLOSING,
  COLON,
  COMMA,
  COMMA_OR_END,
  endOfPlainText,
  ENDED,
  ENDED_BEFORE,
  ESCAPE,
  insideToken,
  isBetweenTokens,
  isSpace,
  KEY,
  KEY_OR_END,
  KEY_TEXT,
  NOTHING,
  OBJECT,
  OPENING,
  QUOTE,
  TEXT,
  tokenAt,
  VALUE,
  VALUE_OR_END,
} from './json-tokens.ts';

/** Far deeper than any result (annotations are strings in it, not nested). Bounds the memory. */
const DEEPEST = 512;

/** Receives the positions of the keys and values of the outermost object, as offsets in the current bytes. */
export interface JsonMarks {
  readonly begin: (what: 'key' | 'value', at: number) => void;
  /** `at`: the first byte after it. */
  readonly end: (what: 'key' | 'value', at: number) => void;
}

export interface JsonGrammar {
  readonly read: (bytes: Uint8Array) => void;
  /** `cut-short`: the bytes so far are the beginning of an object. */
  readonly state: 'whole' | 'cut-short' | 'broken';
}

/** Follows the grammar of one JSON object (RFC 8259) byte by byte, across chunk boundaries. Linear; never throws. */
export function createJsonGrammar({ begin, end }: JsonMarks): JsonGrammar {
  const nesting = createNesting();
  let next = OBJECT;
  let isKey = false;

  function throughText(bytes: Uint8Array, from: number): number {
    const at = endOfPlainText(bytes, from);
    if (at === bytes.length) return at;
    if (bytes[at] !== QUOTE) return enter(bytes[at] === BACKSLASH ? ESCAPE : BROKEN, at + 1);
    if (!isKey) return endValue(at + 1);
    if (nesting.depth() === 1) end('key', at + 1);
    return enter(COLON, at + 1);
  }

  function enter(place: number, at: number): number {
    next = place;
    return at;
  }

  function throughToken(byte: number, at: number): number {
    const place = insideToken(next, byte);
    if (place === ENDED) return endValue(at + 1);
    return place === ENDED_BEFORE ? endValue(at) : enter(place, at + 1);
  }

  function betweenTokens(byte: number, at: number): number {
    if (isSpace(byte)) return at + 1;
    if (next === VALUE && nesting.depth() === 1) begin('value', at);
    const token = tokenAt(next, byte, nesting.closing());
    if (token === OPENING) return enter(nesting.open(byte), at + 1);
    if (token === CLOSING) {
      nesting.close();
      return endValue(at + 1);
    }
    if (token === COMMA) return enter(nesting.isObject() ? KEY : VALUE, at + 1);
    isKey = token === KEY_TEXT;
    if (isKey && nesting.depth() === 1) begin('key', at);
    return enter(isKey ? TEXT : token, at + 1);
  }

  function endValue(at: number): number {
    if (nesting.depth() === 1) end('value', at);
    return enter(nesting.depth() === 0 ? NOTHING : COMMA_OR_END, at);
  }

  return {
    read(bytes) {
      let at = 0;
      while (at < bytes.length && next !== BROKEN) {
        if (next === TEXT) at = throughText(bytes, at);
        else if (isBetweenTokens(next)) at = betweenTokens(bytes[at] ?? 0, at);
        else at = throughToken(bytes[at] ?? 0, at);
      }
    },
    get state() {
      if (next === BROKEN) return 'broken';
      return next === NOTHING ? 'whole' : 'cut-short';
    },
  };
}

/** The open objects and lists. */
function createNesting() {
  const opened = new Uint8Array(DEEPEST);
  let depth = 0;

  return {
    depth: () => depth,
    isObject: () => opened[depth - 1] === BRACE,
    /** In ASCII each closing brace or bracket is two after its opening one. */
    closing: () => (opened[depth - 1] ?? 0) + 2,
    /** Returns the place inside the new object or list. */
    open(byte: number): number {
      if (depth === DEEPEST) return BROKEN;
      opened[depth] = byte;
      depth += 1;
      return byte === BRACE ? KEY_OR_END : VALUE_OR_END;
    },
    close(): void {
      depth -= 1;
    },
  };
}
