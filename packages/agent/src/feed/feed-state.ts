import { createOutageLog, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';

/** The state of the feed. */
export interface FeedStatus {
  /** Server of the current or last feed; undefined: there has been none. */
  readonly server: string | undefined;
  /** Since when it is connected or lost. Monotonic milliseconds. */
  readonly sinceMs: number;
  /** Why the last attempt failed or the last feed ended, and when. Monotonic milliseconds. */
  readonly lastFault: { readonly message: string; readonly atMs: number } | undefined;
}

export interface FeedState {
  /** Monotonic milliseconds when the feed was lost; undefined while it is connected. */
  readonly lostSinceMs: () => number | undefined;
  readonly status: () => FeedStatus;
  /** A stream has completed its snapshot and is now the feed. */
  readonly synced: (server: string) => void;
  /** The feed has ended; `error` is undefined if the agent ended it. */
  readonly lost: (server: string, error: Error | undefined) => void;
  /** An attempt to open a stream failed. `isStopping`: the failure is expected and not logged. */
  readonly failed: (error: unknown, isStopping: boolean) => void;
}

export interface FeedStateDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  /** When a previous process lost the feed. Monotonic milliseconds. */
  readonly lostSinceMs?: number | undefined;
}

const HINT =
  'Running Pods keep their credentials for at least 30 minutes. If the agent does not reconnect, check the servers and the network path to them.';

/** Tracks and logs when the feed is connected and lost. */
export function createFeedState({ clock, log, lostSinceMs: before }: FeedStateDeps): FeedState {
  const outage = createOutageLog({ clock, log });
  let lostSinceMs: number | undefined = before ?? clock.monotonic();
  let status: FeedStatus = { server: undefined, sinceMs: lostSinceMs, lastFault: undefined };

  function noteFault(error: unknown, sinceMs: number): void {
    const lastFault = { message: describeError(error), atMs: clock.monotonic() };
    status = { ...status, sinceMs, lastFault };
  }

  return {
    lostSinceMs: () => lostSinceMs,
    status: () => status,
    synced(server) {
      const sinceMs = lostSinceMs === undefined ? status.sinceMs : clock.monotonic();
      status = { ...status, sinceMs, server };
      const awayMs = lostSinceMs === undefined ? undefined : Math.round(clock.monotonic() - lostSinceMs);
      lostSinceMs = undefined;
      log.info('feed synced', { server, ...outage.over(), ...(awayMs && { awayMs }) });
    },
    lost(server, error) {
      lostSinceMs = clock.monotonic();
      if (error === undefined) return;
      noteFault(error, lostSinceMs);
      log.warn('feed lost', {
        reason: 'ServerUnavailable',
        server,
        error: describeError(error),
        hint: HINT,
      });
    },
    failed(error, isStopping) {
      noteFault(error, status.sinceMs);
      const fields = { reason: 'ServerUnavailable', error: describeError(error) };
      if (!isStopping) outage.failed('warn', 'feed unavailable', fields);
    },
  };
}
