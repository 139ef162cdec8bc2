import { createJsonGrammar } from './json-grammar.ts';

/** A name of up to 9 letters is no longer than this even if every letter is escaped. Bytes, quotes included. */
const LONGEST_NAME = 64;

/** What a text turned out to be. */
export type TopLevelFields =
  /** An object, with those of the wanted fields that it has, as JSON.parse returns them. */
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, unknown> }
  /** The beginning of an object. */
  | { readonly kind: 'cut-short' }
  | { readonly kind: 'broken'; readonly fault: string };

export interface TopLevelFieldsReader {
  /** Reads the next bytes. They can be overwritten afterwards. */
  readonly read: (bytes: Buffer) => void;
  readonly end: () => TopLevelFields;
}

/** A key or value being read. */
interface Excerpt {
  /** Its start in the current bytes. */
  from: number;
  /** Undefined: longer than allowed. */
  parts: Buffer[] | undefined;
  size: number;
  readonly longest: number;
}

/**
 * Extracts the wanted fields of one JSON object and parses only these: the rest is checked but not kept. `longest` limits each
 * field in bytes. Equal to JSON.parse except for very deeply nested objects, which are rejected.
 */
export function createTopLevelFields(wanted: ReadonlySet<string>, longest: number): TopLevelFieldsReader {
  const found = new Map<string, string | undefined>();
  const grammar = createJsonGrammar({ begin, end });
  let bytes: Buffer = Buffer.alloc(0);
  let excerpt: Excerpt | undefined;
  let name = '';

  function begin(what: 'key' | 'value', at: number): void {
    if (what === 'value' && !wanted.has(name)) return;
    excerpt = { from: at, parts: [], size: 0, longest: what === 'key' ? LONGEST_NAME : longest };
  }

  function end(what: 'key' | 'value', at: number): void {
    if (excerpt === undefined) return;
    keep(excerpt, at);
    const text = excerpt.parts && Buffer.concat(excerpt.parts).toString('utf8');
    excerpt = undefined;
    if (what === 'key') name = text === undefined ? '' : String(JSON.parse(text));
    // The last of duplicate names counts, as for JSON.parse.
    else found.set(name, text);
  }

  function keep(from: Excerpt, until: number): void {
    const part = bytes.subarray(from.from, until);
    from.size += part.length;
    if (from.size > from.longest) from.parts = undefined;
    else from.parts?.push(Buffer.from(part));
    from.from = 0;
  }

  return {
    read(next) {
      bytes = next;
      grammar.read(next);
      if (excerpt !== undefined) keep(excerpt, next.length);
    },
    end() {
      if (grammar.state === 'cut-short') return { kind: 'cut-short' };
      if (grammar.state === 'broken') return { kind: 'broken', fault: 'not a JSON object' };
      const fields = new Map<string, unknown>();
      for (const [field, text] of found) {
        if (text === undefined) return { kind: 'broken', fault: `the field ${field} is too long` };
        fields.set(field, JSON.parse(text));
      }
      return { kind: 'object', fields };
    },
  };
}
