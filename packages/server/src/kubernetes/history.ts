import { isOlderVersion } from '@rolegate/protocol';
import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Kind } from './objects/shapes.ts';
import type { ListWatch } from './watch/list-watch.ts';

/** All kinds are listed again within this time, so agents are told only once. Milliseconds. */
const TOGETHER_MS = 1_000;

/** Notices when the API server goes back to an older state, as after a restore of etcd. */
export interface ClusterHistory {
  /** The resourceVersion of the kind's store. */
  readonly version: (kind: Kind) => string;
  /** The API server's current resourceVersion. */
  readonly current: (kind: Kind) => ListWatch['current'];
  /** When this server last noticed it. Monotonic milliseconds; undefined if never. */
  readonly restoredMs: () => number | undefined;
  /** Calls after stores have got the older state; the returned function removes the listener. */
  onRestored(listener: () => void): () => void;
}

export interface History extends ClusterHistory {
  /** A list of the kind was older. */
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

/** If one kind's list is older, the other kinds that are ahead of it are listed again too. */
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
      const hint =
        'Agents follow without a restart. Expected after etcd was restored from a backup. Otherwise check that all API servers use the same etcd.';
      log.warn('API server was restored to an older state', { kind, from, to, hint });
      for (const { store, loop } of Object.values(kinds()))
        if (isOlderVersion(to, store.resourceVersion)) loop.restored();
      restoredMs = clock.monotonic();
      cancel?.();
      cancel = clock.schedule(TOGETHER_MS, tell);
    },
  };
}
