import type { ResultEvent } from '../addresses/result-tap.ts';
import type { InterceptionState } from '../interception/state.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';

/**
 * Messages from `rolegate-agent reconcile` to the agent: JSON objects, one per line. Kinds and fields are never removed.
 * Messages from the agent are in ports/named-listeners.ts.
 */
export type ReconcileMessage =
  | { readonly kind: 'hello'; readonly version: string }
  | ResultEvent
  /** Completes the snapshot with which each connection begins. */
  | { readonly kind: 'synced' }
  | ({ readonly kind: 'interception' } & InterceptionState)
  /** Foreign listeners on the agent's ports; sent once known. */
  | { readonly kind: 'listeners'; readonly foreign: readonly ForeignListener[] }
  /** How many CNI result files could not be read since reconcile started; sent from the first one on. */
  | { readonly kind: 'bad-results'; readonly count: number }
  /** Sent if there is nothing else to send. */
  | { readonly kind: 'alive' };

type ResultMessage = Extract<ReconcileMessage, { kind: 'result' }>;

/** Longer lines are broken: a result has some hundred bytes. */
export const LONGEST_LINE = 1_000_000;

/** The line of a message, with its newline. */
export function lineOf(message: ReconcileMessage): string {
  return `${JSON.stringify(message.kind === 'result' ? wireOf(message) : message)}\n`;
}

/**
 * `ips` are those that the Pod owns: 0.1 uses only these and `mtimeNs`. `lost` has the others that the file names; `unreadable`
 * has those of a file that cannot be read at present.
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
