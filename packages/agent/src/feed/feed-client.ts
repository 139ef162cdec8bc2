import type { AgentReport } from '@rolegate/protocol';
import { createOutageLog, describeError } from '@rolegate/runtime';
import type { Backoff } from '@rolegate/runtime';
import { openFeedStream } from './feed-stream.ts';
import type { FeedStream, FeedStreamDeps } from './feed-stream.ts';
import type { ServerAddress, ServerAddresses } from './server-addresses.ts';

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
  const outage = createOutageLog(deps);
  let current: FeedStream | undefined;
  let awaySinceMs: number | undefined = deps.awaySinceMs ?? clock.monotonic();
  let standing: FeedStanding = { server: undefined, sinceMs: awaySinceMs, lastFault: undefined };

  function failed(error: unknown, sinceMs = standing.sinceMs): void {
    const lastFault = { message: describeError(error), atMs: clock.monotonic() };
    standing = { ...standing, sinceMs, lastFault };
  }

  /** Opens a stream; resolves when its snapshot is complete, rejects when that fails. */
  async function connect(server: ServerAddress, signal: AbortSignal): Promise<FeedStream> {
    const stream = openFeedStream(deps, server, () => {
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
    const awayMs = awaySinceMs === undefined ? undefined : Math.round(clock.monotonic() - awaySinceMs);
    awaySinceMs = undefined;
    former?.close();
    log.info('feed synced', { server: stream.server, ...outage.over(), ...(awayMs && { awayMs }) });
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

  /** Until the next stream is due. Rejects where none could be opened. */
  async function follow(server: ServerAddress, signal: AbortSignal): Promise<void> {
    try {
      const stream = await connect(server, signal);
      adopt(stream);
      await Promise.race([stream.over, stream.old]);
      addresses.anew();
      if (current !== stream) addresses.failed(server);
    } catch (error) {
      addresses.failed(server);
      throw error;
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stopped = () => signal.aborted;
    while (!stopped()) {
      const startMs = clock.monotonic();
      try {
        await follow(await addresses.next(), signal);
      } catch (error) {
        failed(error);
        const fields = { reason: 'ServerUnavailable', error: describeError(error) };
        if (!stopped()) outage.failed('warn', 'feed not available', fields);
      }
      if (clock.monotonic() - startMs > SHORT_LIFE_MS) backoff.reset();
      // A server that has not been tried yet may be well: nobody is hammered by asking it at once.
      else if (!addresses.untried) await clock.sleep(backoff.next(), signal);
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
