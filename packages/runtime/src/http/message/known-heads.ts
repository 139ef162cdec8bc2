import type { Remembered } from '../../memory/remembered.ts';
import { parseRequestHead } from './request-head.ts';
import type { HeadFault, RequestHead } from './request-head.ts';

/** Parsed heads by their text. */
export type KnownHeads = Pick<Remembered<RequestHead>, 'peek' | 'set'>;

/** Longer heads are parsed each time. Characters. */
const LONGEST_KNOWN = 1_024;

/** Parses heads, repeated ones only once. `owner` is charged for the memory of a new one. */
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
