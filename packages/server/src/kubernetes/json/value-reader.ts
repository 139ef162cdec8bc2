import type { CutOutput } from './cut-output.ts';
import { createSkipper } from './skipper.ts';
import { createStringCopier } from './string-copier.ts';

/** Of a number, true, false or null. Bytes. */
const LONGEST_LITERAL = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What begins: a list or object that is entered, or a value to be read as bytes. */
export const [LIST, OBJECT, BYTES] = [0, 1, 2] as const;
export type Begun = typeof LIST | typeof OBJECT | typeof BYTES;

/** Reads values, except lists and objects that are entered. */
export interface ValueReader {
  readonly begin: (byte: number) => Begun;
  /** The offset after the value; -1 if the chunk ends before it. */
  readonly read: (chunk: Buffer, from: number, to: number) => number;
  /** A literal has no closing byte: it ends at the next delimiter or at the end of the text. */
  readonly isLiteral: () => boolean;
}

/** Reports errors to `fail`. */
export function createValueReader(output: CutOutput, fail: (fault: string) => void): ValueReader {
  const { buffer } = output;
  const strings = createStringCopier(buffer);
  const skipper = createSkipper();
  let reading: 'literal' | 'string' | 'skipped' = 'literal';
  let literalLength = 0;

  function skip(brackets: 0 | 1): Begun {
    output.mismatch();
    reading = 'skipped';
    skipper.begin(brackets);
    return BYTES;
  }

  function beginString(): Begun {
    const wanted = output.wanted();
    if (wanted?.kind !== 'scalar') return skip(0);
    reading = 'string';
    strings.begin(wanted.longest);
    return BYTES;
  }

  function beginLiteral(byte: number): Begun {
    if (isDelimiter(byte) || byte === COLON) fail('a value is missing');
    if (output.wanted()?.kind === 'scalar') buffer.byte(byte);
    else output.mismatch();
    literalLength = 1;
    reading = 'literal';
    return BYTES;
  }

  function readLiteral(chunk: Buffer, from: number, to: number): number {
    const isKept = output.wanted()?.kind === 'scalar';
    for (let at = from; at < to; at += 1) {
      const byte = chunk[at] ?? 0;
      if (isDelimiter(byte) || isSpace(byte)) return at;
      literalLength += 1;
      if (isKept) buffer.byte(byte);
      if (literalLength > LONGEST_LITERAL) fail('a value is not JSON');
    }
    return -1;
  }

  return {
    begin(byte) {
      output.begin();
      if (byte === QUOTE) return beginString();
      if (byte === OPEN_OBJECT) return output.open('object', byte) ? OBJECT : skip(1);
      if (byte === OPEN_LIST) return output.open('list', byte) ? LIST : skip(1);
      return beginLiteral(byte);
    },
    read(chunk, from, to) {
      if (reading === 'skipped') return skipper.skip(chunk, from, to);
      return reading === 'string' ? strings.copy(chunk, from, to) : readLiteral(chunk, from, to);
    },
    isLiteral: () => reading === 'literal',
  };
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDelimiter(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT;
}
