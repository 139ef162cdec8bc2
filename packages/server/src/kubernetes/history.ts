import { isOlderVersion } from '@rolegate/protocol';
import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Kind } from './objects/shapes.ts';
import type { ListWatch } from './watch/list-watch.ts';

/** How often it is checked that all kinds have been listed again, so that agents are told only once. Milliseconds. */
const TOGETHER_MS = 1_000;
/** Agents are told in the end even if a kind cannot be listed. Milliseconds. */
const LONGEST_MS = 60_000;

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
  /** The loops whose stores were ahead, and since when they are listed again. */
  let relisting: { readonly sinceMs: number; readonly loops: Set<Pick<ListWatch, 'current'>> } | undefined;
  let cancel: (() => void) | undefined;

  function tellOnceListed(): void {
    cancel = clock.schedule(TOGETHER_MS, () => {
      if (isListed()) tell();
      else tellOnceListed();
    });
  }

  function isListed(): boolean {
    if (relisting === undefined) return true;
    const { sinceMs, loops } = relisting;
    const confirmed = [...loops].every(({ current }) => current.confirmedMs >= sinceMs);
    return confirmed || clock.monotonic() - sinceMs >= LONGEST_MS;
  }

  function tell(): void {
    cancel = undefined;
    relisting = undefined;
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
      restoredMs = clock.monotonic();
      relisting ??= { sinceMs: restoredMs, loops: new Set() };
      for (const { store, loop } of Object.values(kinds())) {
        if (!isOlderVersion(to, store.resourceVersion)) continue;
        relisting.loops.add(loop);
        loop.restored();
      }
      cancel?.();
      tellOnceListed();
    },
  };
}
