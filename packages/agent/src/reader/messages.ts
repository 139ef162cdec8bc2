import type { ResultEvent } from '../addresses/result-tap.ts';
import type { InterceptionState } from '../interception/state.ts';

/** What the reader (rolegate-agent reconcile) tells the agent: JSON objects, one a line. Kinds and fields are only ever added. */
export type ReaderMessage =
  | { readonly kind: 'hello'; readonly version: string }
  | ResultEvent
  /** The snapshot that each connection begins with is complete. */
  | { readonly kind: 'synced' }
  | ({ readonly kind: 'interception' } & InterceptionState)
  /** There is nothing to say. */
  | { readonly kind: 'alive' };

/** Longer lines are no message: a result has some hundred bytes. */
export const LONGEST_LINE = 1_000_000;

/** The line of a message, with its end. */
export function lineOf(message: ReaderMessage): string {
  if (message.kind !== 'result') return `${JSON.stringify(message)}\n`;
  const { kind, file, result, mtimeNs } = message;
  return `${JSON.stringify({ kind, file, ...result, mtimeNs: mtimeNs.toString() })}\n`;
}
