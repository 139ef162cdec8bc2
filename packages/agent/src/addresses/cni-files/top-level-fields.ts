import { createJsonGrammar } from './json-grammar.ts';

/** A name of up to 9 letters is no longer than this, each letter being escaped. Bytes, quotes included. */
const LONGEST_NAME = 64;

/** What a text has been found to be. */
export type TopLevelFields =
  /** An object; of the wanted fields those that it has, as JSON.parse has them. */
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, unknown> }
  /** The beginning of an object. */
  | { readonly kind: 'cut-short' }
  | { readonly kind: 'broken'; readonly fault: string };

export interface TopLevelFieldsReader {
  /** Reads on. The bytes may be overwritten afterwards. */
  readonly read: (bytes: Buffer) => void;
  readonly end: () => TopLevelFields;
}

/** A key or value that is being read. */
interface Excerpt {
  /** Where it is within the bytes that are being read. */
  from: number;
  /** Undefined: it is longer than allowed. */
  parts: Buffer[] | undefined;
  size: number;
  readonly longest: number;
}

/**
 * Cuts the wanted fields out of one JSON object and parses only these: the rest is checked and never kept. `longest` bounds each
 * field in bytes. Equal to JSON.parse for all but objects that nest very deeply, which are broken.
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
    // Of a name that comes twice the last counts, as for JSON.parse.
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
      if (grammar.state === 'broken') return { kind: 'broken', fault: 'it is not a JSON object' };
      const fields = new Map<string, unknown>();
      for (const [field, text] of found) {
        if (text === undefined) return { kind: 'broken', fault: `its ${field} is too long` };
        fields.set(field, JSON.parse(text));
      }
      return { kind: 'object', fields };
    },
  };
}
