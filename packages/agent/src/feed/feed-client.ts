import type { AgentReport } from '@rolegate/protocol';
import { describeError } from '@rolegate/runtime';
import type { Backoff } from '@rolegate/runtime';
import { openFeedStream } from './feed-stream.ts';
import type { FeedStream, FeedStreamDeps } from './feed-stream.ts';
import type { ServerAddresses } from './server-addresses.ts';

/** A stream that ended sooner than this counts as a failed attempt: the next one waits. */
const SHORT_LIFE_MS = 10_000;

export interface FeedClientDeps extends FeedStreamDeps {
  readonly addresses: ServerAddresses;
  readonly beginSnapshot: () => void;
  readonly backoff: Backoff;
  /** When a process before this one lost it. Monotonic milliseconds. */
  readonly awaySinceMs?: number | undefined;
}

export interface FeedClient {
  /** Keeps a feed open until the signal aborts; never rejects: a server that is away is tried again for ever. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Sends what happened since the last report; false where there is no stream to send it on. */
  readonly report: (report: AgentReport) => boolean;
  /** True while a stream is open and its snapshot is complete. */
  readonly connected: boolean;
  /** Monotonic milliseconds when the feed was lost; undefined while it is there. Before the first feed: since the start, or as told. */
  readonly awaySinceMs: number | undefined;
  /** For who looks at it. */
  readonly standing: () => FeedStanding;
}

/** How the feed stands. */
export interface FeedStanding {
  /** Where the latest feed is or was open to; undefined: none has been. */
  readonly server: string | undefined;
  /** Since when it is as it is. Monotonic milliseconds. */
  readonly sinceMs: number;
  /** Why the last attempt failed or the last feed ended, and when; monotonic milliseconds. */
  readonly lastFault: { readonly message: string; readonly atMs: number } | undefined;
}

/** The agent's side of the feed: one stream at a time, its updates applied in order, the next opened before the old ends. */
export function createFeedClient(deps: FeedClientDeps): FeedClient {
  const { addresses, backoff, clock, log } = deps;
  let current: FeedStream | undefined;
  let awaySinceMs: number | undefined = deps.awaySinceMs ?? clock.monotonic();
  let standing: FeedStanding = { server: undefined, sinceMs: awaySinceMs, lastFault: undefined };

  function failed(error: unknown, sinceMs = standing.sinceMs): void {
    const lastFault = { message: describeError(error), atMs: clock.monotonic() };
    standing = { ...standing, sinceMs, lastFault };
  }

  /** Opens a stream; resolves when its snapshot is complete, rejects when that fails. */
  async function connect(signal: AbortSignal): Promise<FeedStream> {
    const stream = openFeedStream(deps, await addresses.next(), () => {
      // The newest stream speaks from its first word on; what the one before still says is older.
      current?.mute();
      deps.beginSnapshot();
    });
    signal.addEventListener('abort', stream.close);
    void stream.over.then(() => {
      signal.removeEventListener('abort', stream.close);
    });
    try {
      await stream.synced;
    } catch (error) {
      if (stream.begun()) current?.close(); // it has been muted: nobody feeds the table now
      throw error;
    }
    return stream;
  }

  function adopt(stream: FeedStream): void {
    const former = current;
    current = stream;
    if (former === undefined) standing = { ...standing, sinceMs: clock.monotonic() };
    standing = { ...standing, server: stream.server };
    awaySinceMs = undefined;
    former?.close();
    log.info('feed synced', { server: stream.server });
    void stream.over.then((error) => {
      if (current !== stream) return;
      current = undefined;
      awaySinceMs = clock.monotonic();
      if (error === undefined) return; // it was us
      failed(error, awaySinceMs);
      log.warn('feed lost', {
        reason: 'ServerUnavailable',
        server: stream.server,
        error: describeError(error),
      });
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stopped = () => signal.aborted;
    while (!stopped()) {
      const startMs = clock.monotonic();
      try {
        const stream = await connect(signal);
        adopt(stream);
        await Promise.race([stream.over, stream.old]);
      } catch (error) {
        failed(error);
        if (!stopped())
          log.warn('feed not available', { reason: 'ServerUnavailable', error: describeError(error) });
      }
      if (clock.monotonic() - startMs > SHORT_LIFE_MS) backoff.reset();
      else await clock.sleep(backoff.next(), signal);
    }
    current?.close();
  }

  return {
    run,
    report(report) {
      if (current === undefined) return false;
      current.send(report);
      return true;
    },
    get connected() {
      return current !== undefined;
    },
    get awaySinceMs() {
      return awaySinceMs;
    },
    standing: () => standing,
  };
}
