/*
 * What can follow in a JSON text (RFC 8259), as pure functions of the byte and the place it is in. Places are numbers, because
 * each byte has one.
 */

// Places between tokens.
export const OBJECT = 0;
export const VALUE = 1;
export const VALUE_OR_END = 2;
export const KEY = 3;
export const KEY_OR_END = 4;
export const COLON = 5;
export const COMMA_OR_END = 6;
export const NOTHING = 7;
// Places inside tokens. TEXT is a key or string: almost all of a file is strings.
export const TEXT = 10;
export const ESCAPE = 11;
/** The first of four hex digits, one place each. */
const FIRST_HEX = 12;
const LAST_HEX = 15;
const MINUS = 20;
const ZERO = 21;
const INTEGER = 22;
const POINT = 23;
const FRACTION = 24;
const E = 25;
const E_SIGN = 26;
const EXPONENT = 27;
/** Plus the position in `WORDS` of the letter expected next. */
const WORD = 40;
export const BROKEN = 99;

// Results of a token that are not places.
export const OPENING = 100;
export const CLOSING = 101;
export const COMMA = 102;
export const KEY_TEXT = 103;
/** The value ends with or before this byte. */
export const ENDED = 104;
export const ENDED_BEFORE = 105;

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const BRACE = 0x7b;
const BRACKET = 0x5b;
const SPACE = 0x20;
const ESCAPED = new Set(Array.from('"\\/bfnrt', (letter) => letter.charCodeAt(0)));
const WORDS = 'true false null ';
const WORD_BEGINNINGS = new Map(
  ['true', 'false', 'null'].map((word) => [word.charCodeAt(0), WORDS.indexOf(word)]),
);

export function isBetweenTokens(place: number): boolean {
  return place < TEXT;
}

export function isSpace(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The position of a quote, backslash or invalid byte in a string; the end of the bytes if there is none. */
export function endOfPlainText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) return at;
    at += 1;
  }
  return at;
}

/** The place after a non-space byte between tokens. `closing` ends the innermost object or list. */
export function tokenAt(place: number, byte: number, closing: number): number {
  switch (place) {
    case OBJECT:
      return byte === BRACE ? OPENING : BROKEN;
    case VALUE:
      return valueAt(byte);
    case VALUE_OR_END:
      return byte === closing ? CLOSING : valueAt(byte);
    case KEY:
      return byte === QUOTE ? KEY_TEXT : BROKEN;
    case KEY_OR_END:
      if (byte === closing) return CLOSING;
      return byte === QUOTE ? KEY_TEXT : BROKEN;
    case COLON:
      return byte === 0x3a ? VALUE : BROKEN;
    case COMMA_OR_END:
      if (byte === closing) return CLOSING;
      return byte === 0x2c ? COMMA : BROKEN;
    default:
      return BROKEN;
  }
}

function valueAt(byte: number): number {
  if (byte === BRACE || byte === BRACKET) return OPENING;
  if (byte === QUOTE) return TEXT;
  const word = WORD_BEGINNINGS.get(byte);
  if (word !== undefined) return WORD + word + 1;
  return byte === 0x2d ? MINUS : (afterDigit(MINUS, byte) ?? BROKEN);
}

/** The place after a byte of an escape, a number or a word. */
export function insideToken(place: number, byte: number): number {
  if (place === ESCAPE) return byte === 0x75 ? FIRST_HEX : ESCAPED.has(byte) ? TEXT : BROKEN;
  if (place >= FIRST_HEX && place <= LAST_HEX) {
    if (!isHex(byte)) return BROKEN;
    return place === LAST_HEX ? TEXT : place + 1;
  }
  if (place > WORD) return insideWord(place, byte);
  return afterDigit(place, byte) ?? (isWholeNumber(place) ? ENDED_BEFORE : BROKEN);
}

function insideWord(place: number, byte: number): number {
  const at = place - WORD;
  if (byte !== WORDS.charCodeAt(at)) return BROKEN;
  return WORDS.charCodeAt(at + 1) === SPACE ? ENDED : place + 1;
}

/** The place if the byte continues the number; undefined if it does not. */
function afterDigit(place: number, byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) {
    if (place === MINUS) return byte === 0x30 ? ZERO : INTEGER;
    if (place === ZERO) return undefined;
    if (place === POINT) return FRACTION;
    return place === E || place === E_SIGN ? EXPONENT : place;
  }
  if (byte === 0x2e) return place === ZERO || place === INTEGER ? POINT : undefined;
  if (byte === 0x45 || byte === 0x65)
    return place === ZERO || place === INTEGER || place === FRACTION ? E : undefined;
  return (byte === 0x2b || byte === 0x2d) && place === E ? E_SIGN : undefined;
}

function isWholeNumber(place: number): boolean {
  return place === ZERO || place === INTEGER || place === FRACTION || place === EXPONENT;
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}
