import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Characters that Go's encoding/json escapes (HTMLEscape) and JSON.stringify does not. */
const ESCAPES = [
  ['<', '\\u003c'],
  ['>', '\\u003e'],
  ['&', '\\u0026'],
] as const;

/** A list waits for its reader when this much is unsent. Bytes. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/** JSON as written by kube-apiserver: a `<` takes six bytes, so an object can be six times as long as in etcd. */
export function jsonOf(value: object): string {
  let text = JSON.stringify(value);
  for (const [character, escape] of ESCAPES)
    if (text.includes(character)) text = text.replaceAll(character, escape);
  return text;
}

/**
 * Writes pieces at the reader's pace, so that a list of any size blocks nobody else. Ends early if the reader
 * disconnects.
 */
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
    // The reader has disconnected, which `writePieces` checks.
  } finally {
    response.off('close', end);
  }
}
