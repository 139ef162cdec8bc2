import type { AgentReport } from '@rolegate/protocol';
import type { Backoff } from '@rolegate/runtime';
import { createFeedState } from './feed-state.ts';
import type { FeedStatus } from './feed-state.ts';
import { openFeedStream } from './feed-stream.ts';
import type { FeedStream, FeedStreamDeps } from './feed-stream.ts';
import type { ServerAddress, ServerAddresses } from './server-addresses.ts';

/** A stream that ends sooner than this is treated as a failed attempt: the next one waits. */
const SHORT_LIFE_MS = 10_000;

export interface FeedClientDeps extends FeedStreamDeps {
  readonly addresses: ServerAddresses;
  readonly beginSnapshot: () => void;
  readonly backoff: Backoff;
  /** When a previous process lost the feed. Monotonic milliseconds. */
  readonly lostSinceMs?: number | undefined;
}

export interface FeedClient {
  /** Keeps a feed open until the signal aborts. Never rejects: an unavailable server is retried forever. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Sends what happened since the last report; false if no stream is open. */
  readonly report: (report: AgentReport) => boolean;
  /** True while a stream is open and its snapshot is complete. */
  readonly connected: boolean;
  /**
   * Monotonic milliseconds when the feed was lost; undefined while it is connected. Before the first feed: since the start or
   * `lostSinceMs`.
   */
  readonly lostSinceMs: number | undefined;
  /** For `rolegate-agent status`. */
  readonly status: () => FeedStatus;
}

/** The agent's side of the feed: one stream at a time, updates applied in order, the next stream opened before the old one ends. */
export function createFeedClient(deps: FeedClientDeps): FeedClient {
  const { addresses, backoff, clock } = deps;
  const state = createFeedState(deps);
  let current: FeedStream | undefined;

  function adopt(stream: FeedStream): void {
    const former = current;
    current = stream;
    state.synced(stream.server);
    former?.close();
    void stream.over.then((error) => {
      if (current !== stream) return;
      current = undefined;
      state.lost(stream.server, error);
    });
  }

  /** Follows one server until the next stream is due. Rejects if none could be opened. */
  async function follow(server: ServerAddress, signal: AbortSignal): Promise<void> {
    try {
      const stream = await connect(deps, { server, signal, current: () => current });
      adopt(stream);
      await Promise.race([stream.over, stream.old]);
      addresses.reset();
      if (current !== stream) addresses.failed(server);
    } catch (error) {
      addresses.failed(server);
      throw error;
    }
  }

  return {
    async run(signal) {
      const stopped = () => signal.aborted;
      while (!stopped()) {
        const startMs = clock.monotonic();
        try {
          await follow(await addresses.next(), signal);
        } catch (error) {
          state.failed(error, stopped());
        }
        if (clock.monotonic() - startMs > SHORT_LIFE_MS) backoff.reset();
        // No pause before an untried server: it may be healthy.
        else if (!addresses.untried) await clock.sleep(backoff.next(), signal);
      }
      current?.close();
    },
    report(report) {
      current?.send(report);
      return current !== undefined;
    },
    get connected() {
      return current !== undefined;
    },
    get lostSinceMs() {
      return state.lostSinceMs();
    },
    status: state.status,
  };
}

/** Opens a stream while the current one continues. Resolves when its snapshot is complete, rejects if that fails. */
async function connect(
  deps: FeedClientDeps,
  {
    server,
    signal,
    current,
  }: { server: ServerAddress; signal: AbortSignal; current: () => FeedStream | undefined },
): Promise<FeedStream> {
  const stream = openFeedStream(deps, server, () => {
    // The newest stream counts from its first update on; updates of the previous one are older.
    current()?.mute();
    deps.beginSnapshot();
  });
  signal.addEventListener('abort', stream.close);
  void stream.over.then(() => {
    signal.removeEventListener('abort', stream.close);
  });
  try {
    await stream.synced;
  } catch (error) {
    if (stream.begun()) current()?.close(); // it was muted, so no stream feeds the table now
    throw error;
  }
  return stream;
}
