import type { Remembered } from '../../memory/remembered.ts';
import { parseRequestHead } from './request-head.ts';
import type { HeadFault, RequestHead } from './request-head.ts';

/** Heads by their text. */
export type KnownHeads = Pick<Remembered<RequestHead>, 'peek' | 'set'>;

/** Longer ones are parsed each time. Characters. */
const LONGEST_KNOWN = 1_024;

/** Parses heads: those that clients send again and again, byte for byte, once. `owner`: whose share of the memory a new one takes. */
export function createHeadParser(
  known: KnownHeads | undefined,
): (text: string, owner: string) => RequestHead | HeadFault {
  if (known === undefined) return parseRequestHead;
  return (text, owner) => {
    if (text.length > LONGEST_KNOWN) return parseRequestHead(text);
    const before = known.peek(text);
    if (before !== undefined) return before;
    const head = parseRequestHead(text);
    if ('fault' in head) return head;
    const entry = { ...head, known: true };
    known.set(text, entry, owner);
    return entry;
  };
}
