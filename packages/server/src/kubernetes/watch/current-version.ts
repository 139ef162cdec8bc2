import { isOlderVersion } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { OlderVersionError } from '../api/api-error.ts';

/** The minimum interval of reads, however many agents cause them. Milliseconds. */
const APART_MS = 2_000;

/** Compares the API server's current resourceVersion with the store's: after a restore of etcd it is older. */
export interface CurrentVersion {
  /** Rejects with an OlderVersionError if it is older. */
  confirm(signal: AbortSignal): Promise<void>;
  /** Reads it at most every 2 s; calls in between share the next result. Does not reject if it is older. */
  ask(): Promise<string>;
  /** The store has a list that began at this time. */
  listed(beganMs: number): void;
  /** When the store was last known not to be ahead of the API server. Monotonic milliseconds. */
  readonly confirmedMs: number;
}

export interface CurrentVersionDeps {
  /** For messages. */
  readonly path: string;
  readonly store: { readonly resourceVersion: string };
  readonly read: (signal: AbortSignal) => Promise<string>;
  /** Called if it is older, to list again. */
  readonly restored: () => void;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** Aborts reads of `ask`. */
  readonly signal: () => AbortSignal;
}

export function createCurrentVersion(deps: CurrentVersionDeps): CurrentVersion {
  const { path, store, read, restored, clock } = deps;
  let confirmedMs = -Infinity;
  let begunMs = -Infinity;
  let waiting: Promise<string> | undefined;

  async function readCurrent(signal: AbortSignal): Promise<string> {
    const beganMs = clock.monotonic();
    const current = await read(signal);
    if (isOlderVersion(current, store.resourceVersion)) restored();
    else confirmedMs = beganMs;
    return current;
  }

  function begin(next: PromiseWithResolvers<string>): void {
    waiting = undefined;
    begunMs = clock.monotonic();
    readCurrent(deps.signal()).then(next.resolve, next.reject);
  }

  return {
    async confirm(signal) {
      const known = store.resourceVersion;
      const current = await readCurrent(signal);
      if (!isOlderVersion(current, known)) return;
      throw new OlderVersionError(`${path} is at resourceVersion ${current}, but was at ${known} before`);
    },
    ask() {
      if (waiting !== undefined) return waiting;
      const next = Promise.withResolvers<string>();
      const inMs = begunMs + APART_MS - clock.monotonic();
      if (inMs <= 0) begin(next);
      else {
        waiting = next.promise;
        clock.schedule(inMs, () => {
          begin(next);
        });
      }
      return next.promise;
    },
    listed(beganMs) {
      confirmedMs = beganMs;
    },
    get confirmedMs() {
      return confirmedMs;
    },
  };
}
