import { createListeners, listenerFailed, silentLog } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/**
 * How long a node counts as serving after its last agent that did has left: longer than a restart, and than the change of the
 * pair during an upgrade. Milliseconds.
 */
const LINGER_MS = 60_000;

/** One agent's stream. */
export interface ServingStream {
  /** Whether this agent serves container credentials. */
  readonly serves: boolean;
  /** As newly reported. */
  report(serves: boolean): void;
  /** Calls the listener whenever `serves` has changed. The returned function removes it. */
  readonly onChange: (listener: () => void) => () => void;
  readonly leave: () => void;
}

/** The nodes that serve container credentials: at least one agent of the node does, or did a minute ago. */
export interface ServingNodes {
  /** A stream of the node has begun. */
  join(node: string, serves: boolean): ServingStream;
  readonly serves: (node: string) => boolean;
  /** Calls the listener with the node for which `serves` has changed. */
  readonly onChange: (listener: (node: string) => void) => () => void;
  /** Whether any node serves. */
  readonly any: () => boolean;
  /** Calls the listener whenever `any` has changed. */
  readonly onAny: (listener: () => void) => () => void;
}

export interface ServingNodesDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly log?: Log;
}

interface Entry {
  readonly streams: Set<ServingStream>;
  /** Cancels the end, while no stream is left. */
  cancelEnd: () => void;
}

/** Follows what agents report about themselves, each for its own node. */
export function createServingNodes({ clock, log = silentLog }: ServingNodesDeps): ServingNodes {
  const entries = new Map<string, Entry>();
  const failed = listenerFailed(log, 'serving nodes');
  const changes = createListeners<string>({ failed });
  const anyChanges = createListeners<undefined>({ failed });

  function tell(node: string, anyChanged: boolean): void {
    changes.tell(node);
    if (anyChanged) anyChanges.tell(undefined);
  }

  function begin(node: string, stream: ServingStream): void {
    const known = entries.get(node);
    if (known !== undefined) {
      known.cancelEnd();
      known.streams.add(stream);
      return;
    }
    entries.set(node, { streams: new Set([stream]), cancelEnd: () => undefined });
    tell(node, entries.size === 1);
  }

  function end(node: string, stream: ServingStream): void {
    const entry = entries.get(node);
    if (entry?.streams.delete(stream) !== true || entry.streams.size > 0) return;
    entry.cancelEnd = clock.schedule(LINGER_MS, () => {
      entries.delete(node);
      tell(node, entries.size === 0);
    });
  }

  return {
    join(node, serves) {
      const stream = createServingStream({ begin, end }, node, failed);
      stream.report(serves);
      return stream;
    },
    serves: (node) => entries.has(node),
    onChange: changes.on,
    any: () => entries.size > 0,
    onAny: anyChanges.on,
  };
}

interface StreamEvents {
  readonly begin: (node: string, stream: ServingStream) => void;
  readonly end: (node: string, stream: ServingStream) => void;
}

function createServingStream(
  { begin, end }: StreamEvents,
  node: string,
  failed: (error: unknown) => void,
): ServingStream {
  const listeners = createListeners<undefined>({ failed });
  let serves = false;
  const stream: ServingStream = {
    get serves() {
      return serves;
    },
    report(now) {
      if (now === serves) return;
      serves = now;
      if (serves) begin(node, stream);
      else end(node, stream);
      listeners.tell(undefined);
    },
    onChange: listeners.on,
    leave() {
      stream.report(false);
    },
  };
  return stream;
}
