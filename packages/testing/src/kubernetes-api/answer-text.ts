import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** What Go's encoding/json writes as six characters (HTMLEscape), and JSON.stringify does not. */
const ESCAPES = [
  ['<', '\\u003c'],
  ['>', '\\u003e'],
  ['&', '\\u0026'],
] as const;

/** Written and not taken yet, before a list waits for its reader. Bytes. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/** JSON as kube-apiserver writes it: a `<` is six bytes, so that an object may be six times as long as etcd has it. */
export function jsonOf(value: object): string {
  let text = JSON.stringify(value);
  for (const [character, escape] of ESCAPES)
    if (text.includes(character)) text = text.replaceAll(character, escape);
  return text;
}

/** Writes the pieces at their reader's pace: a list of any size holds up nobody else. Ends early if the reader has gone. */
export async function writePieces(response: ServerResponse, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    if (response.destroyed || response.writableEnded) return;
    response.write(piece);
    if (response.writableLength > MOST_UNSENT_BYTES) await taken(response);
  }
}

async function taken(response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const end = () => {
    gone.abort();
  };
  response.once('close', end);
  try {
    if (!response.destroyed) await once(response, 'drain', { signal: gone.signal });
  } catch {
    // The reader has gone; `writePieces` looks.
  } finally {
    response.off('close', end);
  }
}
