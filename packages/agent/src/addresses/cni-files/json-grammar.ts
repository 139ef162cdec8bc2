/** Far more than a result has (annotations are texts in it, not nested). Bounds the memory. */
const DEEPEST = 512;

// What the next byte may be: between tokens …
const OBJECT = 0;
const VALUE = 1;
const VALUE_OR_END = 2;
const KEY = 3;
const KEY_OR_END = 4;
const COLON = 5;
const COMMA_OR_END = 6;
const NOTHING = 7;
// … and inside of one.
const TEXT = 10;
const ESCAPE = 11;
const HEX = 12;
const WORD = 13;
const MINUS = 20;
const ZERO = 21;
const INTEGER = 22;
const POINT = 23;
const FRACTION = 24;
const E = 25;
const E_SIGN = 26;
const EXPONENT = 27;
const BROKEN = 99;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const BRACE = 0x7b;
const BRACKET = 0x5b;
const ESCAPED = new Set(Array.from('"\\/bfnrt', (letter) => letter.charCodeAt(0)));
const WORDS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), word]));

/** Told where the keys and values of the outermost object are. Places count in the bytes that are being read. */
export interface JsonMarks {
  readonly begin: (what: 'key' | 'value', at: number) => void;
  /** `at`: the first byte that is not part of it any more. */
  readonly end: (what: 'key' | 'value', at: number) => void;
}

export interface JsonGrammar {
  readonly read: (bytes: Uint8Array) => void;
  /** `cut-short`: what was read is the beginning of an object. */
  readonly state: 'whole' | 'cut-short' | 'broken';
}

/** Follows the grammar of one JSON object (RFC 8259) byte by byte, wherever its pieces end. Linear; never throws. */
export function createJsonGrammar({ begin, end }: JsonMarks): JsonGrammar {
  const opened = new Uint8Array(DEEPEST);
  let depth = 0;
  let next = OBJECT;
  let isKey = false;
  let hexLeft = 0;
  let word = '';
  let wordAt = 0;

  function read(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && next !== BROKEN) {
      if (next === TEXT) at = throughText(bytes, at);
      else if (next < TEXT) at = betweenTokens(bytes[at] ?? 0, at);
      else at = insideToken(bytes[at] ?? 0, at);
    }
  }

  function throughText(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) return endText(at + 1);
      if (byte === BACKSLASH) return enter(ESCAPE, at + 1);
      if (byte < SPACE) return enter(BROKEN, at);
      at += 1;
    }
    return at;
  }

  function endText(at: number): number {
    if (!isKey) return endValue(at);
    if (depth === 1) end('key', at);
    return enter(COLON, at);
  }

  function enter(state: number, at: number): number {
    next = state;
    return at;
  }

  function insideToken(byte: number, at: number): number {
    if (next === ESCAPE) {
      hexLeft = 4;
      return enter(byte === 0x75 ? HEX : ESCAPED.has(byte) ? TEXT : BROKEN, at + 1);
    }
    if (next === HEX) {
      hexLeft -= 1;
      return enter(!isHex(byte) ? BROKEN : hexLeft > 0 ? HEX : TEXT, at + 1);
    }
    if (next === WORD) {
      if (byte !== word.charCodeAt(wordAt)) return enter(BROKEN, at);
      wordAt += 1;
      return wordAt === word.length ? endValue(at + 1) : at + 1;
    }
    const goesOn = afterDigit(next, byte);
    if (goesOn !== undefined) return enter(goesOn, at + 1);
    // The number ends before this byte, which is then looked at again.
    return isWholeNumber(next) ? endValue(at) : enter(BROKEN, at);
  }

  function betweenTokens(byte: number, at: number): number {
    if (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    switch (next) {
      case OBJECT:
        return byte === BRACE ? open(byte, at) : enter(BROKEN, at);
      case VALUE_OR_END:
      case KEY_OR_END:
        if (closes(byte)) return close(at);
        return next === KEY_OR_END ? beginKey(byte, at) : beginValue(byte, at);
      case VALUE:
        return beginValue(byte, at);
      case KEY:
        return beginKey(byte, at);
      case COLON:
        return enter(byte === 0x3a ? VALUE : BROKEN, at + 1);
      case COMMA_OR_END:
        if (closes(byte)) return close(at);
        if (byte !== 0x2c) return enter(BROKEN, at);
        return enter(opened[depth - 1] === BRACE ? KEY : VALUE, at + 1);
      default:
        return enter(BROKEN, at);
    }
  }

  function beginKey(byte: number, at: number): number {
    if (byte !== QUOTE) return enter(BROKEN, at);
    if (depth === 1) begin('key', at);
    isKey = true;
    return enter(TEXT, at + 1);
  }

  function beginValue(byte: number, at: number): number {
    if (depth === 1) begin('value', at);
    if (byte === BRACE || byte === BRACKET) return open(byte, at);
    if (byte === QUOTE) {
      isKey = false;
      return enter(TEXT, at + 1);
    }
    word = WORDS.get(byte) ?? '';
    wordAt = 1;
    if (word !== '') return enter(WORD, at + 1);
    if (byte === 0x2d) return enter(MINUS, at + 1);
    return enter(afterDigit(MINUS, byte) ?? BROKEN, at + 1);
  }

  function open(byte: number, at: number): number {
    if (depth === DEEPEST) return enter(BROKEN, at);
    opened[depth] = byte;
    depth += 1;
    return enter(byte === BRACE ? KEY_OR_END : VALUE_OR_END, at + 1);
  }

  /** In ASCII each closing brace and bracket stands two behind its opening one. */
  function closes(byte: number): boolean {
    return byte === (opened[depth - 1] ?? 0) + 2;
  }

  function close(at: number): number {
    depth -= 1;
    return endValue(at + 1);
  }

  function endValue(at: number): number {
    if (depth === 1) end('value', at);
    return enter(depth === 0 ? NOTHING : COMMA_OR_END, at);
  }

  return {
    read,
    get state() {
      if (next === BROKEN) return 'broken';
      return next === NOTHING ? 'whole' : 'cut-short';
    },
  };
}

/** What follows if the byte continues the number; undefined: it does not. */
function afterDigit(state: number, byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) {
    if (state === MINUS) return byte === 0x30 ? ZERO : INTEGER;
    if (state === ZERO) return undefined;
    if (state === POINT) return FRACTION;
    return state === E || state === E_SIGN ? EXPONENT : state;
  }
  if (byte === 0x2e) return state === ZERO || state === INTEGER ? POINT : undefined;
  if (byte === 0x45 || byte === 0x65)
    return state === ZERO || state === INTEGER || state === FRACTION ? E : undefined;
  return (byte === 0x2b || byte === 0x2d) && state === E ? E_SIGN : undefined;
}

function isWholeNumber(state: number): boolean {
  return state === ZERO || state === INTEGER || state === FRACTION || state === EXPONENT;
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}
