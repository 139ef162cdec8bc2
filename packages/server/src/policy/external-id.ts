import type { Parsed } from './parsed.ts';
import { oddity } from './quote.ts';

/** AWS STS API reference, AssumeRole, ExternalId. */
const EXTERNAL_ID = /^[\w+=,.@:/-]+$/;
const SHORTEST = 2;
const LONGEST = 1224;

/** The message does not repeat it: it is meant for the role's owner alone. */
export function parseExternalId(text: string): Parsed<string> {
  if (text.length < SHORTEST || text.length > LONGEST) {
    return { fault: `has ${text.length} characters; STS takes ${SHORTEST} to ${LONGEST}` };
  }
  if (!EXTERNAL_ID.test(text))
    return { fault: `has characters that STS refuses${oddity(text)}; use letters, digits and +=,.@:/-_` };
  return { value: text };
}
