import type { ResultEvent } from '../addresses/result-tap.ts';
import type { InterceptionState } from '../interception/state.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';

/**
 * What `rolegate-agent reconcile` tells the agent: JSON objects, one a line. Kinds and fields are only ever added. What the
 * agent tells reconcile is in ports/named-listeners.ts.
 */
export type ReconcileMessage =
  | { readonly kind: 'hello'; readonly version: string }
  | ResultEvent
  /** The snapshot that each connection begins with is complete. */
  | { readonly kind: 'synced' }
  | ({ readonly kind: 'interception' } & InterceptionState)
  /** Who else listens on the agent's ports; not said before that is known. */
  | { readonly kind: 'listeners'; readonly foreign: readonly ForeignListener[] }
  /** There is nothing to say. */
  | { readonly kind: 'alive' };

type ResultMessage = Extract<ReconcileMessage, { kind: 'result' }>;

/** Longer lines are no message: a result has some hundred bytes. */
export const LONGEST_LINE = 1_000_000;

/** The line of a message, with its end. */
export function lineOf(message: ReconcileMessage): string {
  return `${JSON.stringify(message.kind === 'result' ? wireOf(message) : message)}\n`;
}

/**
 * `ips` are those that the Pod owns: 0.1 goes by them alone, and by `mtimeNs`. The others that the file names are in `lost`; those
 * of a file that cannot be read now in `unreadable`.
 */
function wireOf({ kind, file, result, lost, unreadable, mtimeNs, createdNs }: ResultMessage): object {
  const { ips, ...pod } = result;
  return {
    kind,
    file,
    ...pod,
    ips: unreadable ? [] : ips,
    lost: lost.length > 0 ? lost : undefined,
    unreadable: unreadable ? ips : undefined,
    mtimeNs: mtimeNs.toString(),
    createdNs: createdNs?.toString(),
  };
}
