import { isOlderVersion } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { OlderVersionError } from '../api/api-error.ts';

/** However often agents make us ask, the API server is asked no more often. Milliseconds. */
const APART_MS = 2_000;

/** Compares the resourceVersion that the API server is at with the store's: after a restore of etcd it is older. */
export interface CurrentVersion {
  /** Rejects with an OlderVersionError if it is older. */
  confirm(signal: AbortSignal): Promise<void>;
  /** Older or not, but read at most every two seconds: all who call before it is read share the answer. */
  ask(): Promise<string>;
  /** A list that began then is in the store. */
  listed(beganMs: number): void;
  /** When the API server was asked last and the store was not ahead of it. Monotonic milliseconds. */
  readonly confirmedMs: number;
}

export interface CurrentVersionDeps {
  /** For messages. */
  readonly path: string;
  readonly store: { readonly resourceVersion: string };
  readonly read: (signal: AbortSignal) => Promise<string>;
  /** It is older: what the store has must be listed again. */
  readonly restored: () => void;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  /** Ends what `ask` has begun. */
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
      throw new OlderVersionError(`${path} is at resourceVersion ${current}, and was at ${known}`);
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
