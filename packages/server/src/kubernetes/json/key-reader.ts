import type { Member, Node } from './shape.ts';

/** Longer than any key of a shape, even with every character escaped. Bytes. */
const LONGEST = 512;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Reads the keys of objects without creating strings. */
export interface KeyReader {
  begin(): void;
  /** The offset after the closing quote; -1 if the chunk ends before it. */
  read(chunk: Buffer, from: number, to: number): number;
  /** The member of the shape with the key that was read. */
  find(node: Node): Member | undefined;
}

export function createKeyReader(): KeyReader {
  const key = Buffer.alloc(LONGEST);
  let length = 0;
  let hasEscape = false;
  let inEscape = false;

  return {
    begin() {
      length = 0;
      hasEscape = false;
      inEscape = false;
    },
    read(chunk, from, to) {
      for (let at = from; at < to; at += 1) {
        const byte = chunk[at] ?? 0;
        if (byte === QUOTE && !inEscape) return at + 1;
        inEscape = byte === BACKSLASH && !inEscape;
        hasEscape ||= inEscape;
        if (length < LONGEST) key[length] = byte;
        length += 1;
      }
      return -1;
    },
    find({ members }) {
      if (hasEscape) length = unescape(key, length);
      return members.find((member) => member.key.length === length && startsWith(key, member.key));
    },
  };
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  for (let at = 0; at < start.length; at += 1) if (bytes[at] !== start[at]) return false;
  return true;
}

/** Unescapes the key in place. A key that is too long or not JSON matches no key of a shape. */
function unescape(key: Buffer, length: number): number {
  if (length > LONGEST) return length;
  try {
    return key.write(JSON.parse(`"${key.toString('utf8', 0, length)}"`) as string);
  } catch {
    return LONGEST + 1;
  }
}
