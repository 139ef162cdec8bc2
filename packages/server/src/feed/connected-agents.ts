import type { InterceptionRead } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Report } from './reports/reception.ts';

/** The agent of a node with an open stream. */
export interface ConnectedAgent {
  readonly node: string;
  readonly version: string;
  /** Since when the node has had a stream without a gap. Monotonic milliseconds. */
  readonly sinceMs: number;
  /** As last reported; undefined if not reported yet. */
  readonly interception: InterceptionRead | undefined;
}

export interface ConnectedAgents {
  /** A stream of the node has begun with this report. Call the returned function when it ends. */
  joined(node: string, report: Pick<Report, 'version' | 'interception'>): () => void;
  reported(node: string, report: Pick<Report, 'interception'>): void;
  get(node: string): ConnectedAgent | undefined;
  /** Sorted by node name. */
  all(): readonly ConnectedAgent[];
}

interface Entry extends ConnectedAgent {
  readonly streams: number;
}

/** The agents that are connected to this replica, as they report themselves. */
export function createConnectedAgents({ clock }: { readonly clock: Clock }): ConnectedAgents {
  const entries = new Map<string, Entry>();

  function left(node: string): void {
    const entry = entries.get(node);
    if (entry === undefined) return;
    if (entry.streams > 1) entries.set(node, { ...entry, streams: entry.streams - 1 });
    else entries.delete(node);
  }

  return {
    joined(node, { version, interception }) {
      const former = entries.get(node);
      entries.set(node, {
        node,
        version,
        sinceMs: former?.sinceMs ?? clock.monotonic(),
        interception,
        streams: (former?.streams ?? 0) + 1,
      });
      return () => {
        left(node);
      };
    },
    reported(node, { interception }) {
      const entry = entries.get(node);
      if (entry !== undefined && interception) entries.set(node, { ...entry, interception });
    },
    get: (node) => entries.get(node),
    all: () => [...entries.values()].sort((a, b) => (a.node < b.node ? -1 : 1)),
  };
}
