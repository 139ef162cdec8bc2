import { isOlderVersion } from '@rolegate/protocol';
import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Kind } from './objects/shapes.ts';
import type { ListWatch } from './watch/list-watch.ts';

/** Kinds are listed again at about the same time: agents are told once. Milliseconds. */
const TOGETHER_MS = 1_000;

/** Whether the API server went back to an older state, as it does when etcd is restored. */
export interface ClusterHistory {
  /** How far the store of the kind has come. */
  readonly version: (kind: Kind) => string;
  /** What the API server is at. */
  readonly current: (kind: Kind) => ListWatch['current'];
  /** When this server last found that it did. Monotonic milliseconds; undefined: never. */
  readonly restoredMs: () => number | undefined;
  /** Calls once the stores have the older state, or some of them have; the returned function ends it. */
  onRestored(listener: () => void): () => void;
}

export interface History extends ClusterHistory {
  /** A list of the kind has shown it. */
  restored(kind: Kind, from: string, to: string): void;
}

export interface HistoryDeps {
  readonly kinds: () => Readonly<
    Record<
      Kind,
      {
        readonly store: { readonly resourceVersion: string };
        readonly loop: Pick<ListWatch, 'current' | 'restored'>;
      }
    >
  >;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
}

/** What one kind's list has shown is of all kinds: the others are listed again too, if they are ahead of it. */
export function createHistory({ kinds, clock, log }: HistoryDeps): History {
  const listeners = createListeners<undefined>({ failed: listenerFailed(log, 'restores of etcd') });
  let restoredMs: number | undefined;
  let cancel: (() => void) | undefined;

  function tell(): void {
    cancel = undefined;
    restoredMs = clock.monotonic();
    listeners.tell(undefined);
  }

  return {
    version: (kind) => kinds()[kind].store.resourceVersion,
    current: (kind) => kinds()[kind].loop.current,
    restoredMs: () => restoredMs,
    onRestored: listeners.on,
    restored(kind, from, to) {
      const hint = 'expected only after a restore of etcd; agents follow without a restart';
      log.warn('API server went back to an older state', { kind, from, to, hint });
      for (const { store, loop } of Object.values(kinds()))
        if (isOlderVersion(to, store.resourceVersion)) loop.restored();
      restoredMs = clock.monotonic();
      cancel?.();
      cancel = clock.schedule(TOGETHER_MS, tell);
    },
  };
}
