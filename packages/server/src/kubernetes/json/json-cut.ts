import { createCutOutput } from './cut-output.ts';
import type { CutOutput } from './cut-output.ts';
import { createKeyReader } from './key-reader.ts';
import type { Shape } from './shape.ts';
import { createValueReader, isSpace, LIST, OBJECT } from './value-reader.ts';
import type { Begun } from './value-reader.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;

/** States: what is expected next. */
const [VALUE, FIRST_ITEM, KEY, FIRST_KEY, IN_KEY, BEFORE_COLON, AFTER, IN_VALUE, END] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
] as const;

export type CutText =
  | { readonly text: string }
  /** The text is not JSON. `text`: its complete values, as JSON. */
  | { readonly fault: string; readonly text: string };

/** Cuts a sequence of JSON texts down to a shape as they are received, in bounded memory and without recursion. */
export interface JsonCut {
  push(chunk: Buffer, from: number, to: number): void;
  /** The text is not JSON, so the rest of it can be skipped. */
  readonly broken: boolean;
  /** Ends the text; the next one begins. */
  end(): CutText;
}

/**
 * Values that are left out are only checked for the ends of their strings and brackets. The caller parses what is kept, and so
 * finds errors in it. `item` gets the items of lists that are `oneByOne`.
 */
export function createJsonCut(shape: Shape, item: (text: string) => void = () => undefined): JsonCut {
  let fault = '';
  const fail = (what: string) => {
    fault = what;
  };
  const output = createCutOutput(shape, item);
  const grammar = createGrammar(output, fail);
  return {
    push(chunk, from, to) {
      let at = from;
      while (at < to && fault === '') at = grammar.step(chunk, at, to);
    },
    get broken() {
      return fault !== '';
    },
    end() {
      const isOver = grammar.end();
      const cut =
        isOver && fault === ''
          ? { text: output.buffer.text(0, output.buffer.length) }
          : { fault: fault === '' ? 'it is incomplete' : fault, text: output.salvage() };
      output.reset();
      fault = '';
      return cut;
    },
  };
}

/** Follows the grammar of JSON; reports errors to `fail`. */
function createGrammar(output: CutOutput, fail: (fault: string) => void) {
  const values = createValueReader(output, fail);
  const keys = createKeyReader();
  let state: number = VALUE;

  function done(): void {
    output.done();
    state = output.isOver() ? END : AFTER;
    if (!output.buffer.fits) fail('its fields are too large');
  }

  function token(byte: number): void {
    const isList = output.isInList();
    if (state === VALUE || (state === FIRST_ITEM && byte !== CLOSE_LIST)) {
      state = expectedIn(values.begin(byte));
    } else if ((state === KEY || state === FIRST_KEY) && byte === QUOTE) {
      state = IN_KEY;
      keys.begin();
    } else if (state === BEFORE_COLON && byte === COLON) {
      state = VALUE;
    } else if (state === AFTER && byte === COMMA) {
      state = isList ? VALUE : KEY;
    } else if (closes(byte, isList, state)) {
      output.close();
      done();
    } else {
      fail(state === END ? 'it has trailing text' : 'it is not JSON');
    }
  }

  return {
    /** The offset after what was read. */
    step(chunk: Buffer, from: number, to: number): number {
      if (state === IN_VALUE) {
        const end = values.read(chunk, from, to);
        if (end >= 0) done();
        return end < 0 ? to : end;
      }
      if (state === IN_KEY) {
        const end = keys.read(chunk, from, to);
        if (end < 0) return to;
        output.key(keys);
        state = BEFORE_COLON;
        return end;
      }
      const byte = chunk[from] ?? 0;
      if (!isSpace(byte)) token(byte);
      return from + 1;
    },
    /** Ends the text; false if it was incomplete. */
    end(): boolean {
      if (state === IN_VALUE && values.isLiteral()) done();
      const isOver = state === END;
      state = VALUE;
      return isOver;
    },
  };
}

function expectedIn(begun: Begun): number {
  if (begun === LIST) return FIRST_ITEM;
  return begun === OBJECT ? FIRST_KEY : IN_VALUE;
}

/** Whether the byte closes the open list or object. */
function closes(byte: number, isList: boolean, state: number): boolean {
  return isList
    ? byte === CLOSE_LIST && (state === AFTER || state === FIRST_ITEM)
    : byte === CLOSE_OBJECT && (state === AFTER || state === FIRST_KEY);
}
