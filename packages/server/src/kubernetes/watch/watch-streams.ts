import type { Clock } from '@rolegate/runtime';
import type { ApiResponse, Connection } from '../api/connection.ts';
import { freedChunks } from '../api/freed-chunks.ts';
import type { Kind } from '../objects/shapes.ts';
import { readEvents } from './watch-events.ts';
import type { WatchEvent, WatchEventLabel } from './watch-events.ts';

/** A watch must begin, and a streaming list of a small cluster must be complete, within this time. Milliseconds. */
const TIMEOUT_MS = 30_000;

/** The API server is asked to end a watch after 5 to 10 minutes, as by client-go. Seconds. */
const WATCH_SECONDS = { least: 300, spread: 300 };

export interface WatchStream extends Pick<ApiResponse, 'keepOpen' | 'extend'> {
  readonly events: AsyncIterable<WatchEvent>;
}

/** Opens watches of a kind. */
export interface WatchStreams {
  open(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WatchStream>;
  /** To be called when a byte of a list was received. */
  readonly heard: () => void;
  /** Since the last byte from the API server, or since the start. Milliseconds. */
  readonly ageMs: () => number;
}

export interface WatchStreamsDeps {
  readonly connection: Connection;
  readonly kind: Kind;
  readonly path: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly count: (label: WatchEventLabel) => void;
  /** Called if a line of a watch was too long to be read. */
  readonly lineTooLong: () => void;
}

export function createWatchStreams(deps: WatchStreamsDeps): WatchStreams {
  const { connection, kind, path, clock, random, count, lineTooLong } = deps;
  let lastByteMs = clock.monotonic();

  function heard(): void {
    lastByteMs = clock.monotonic();
  }

  async function* timed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of freedChunks(chunks)) {
      heard();
      yield chunk;
    }
  }

  return {
    async open(query, signal) {
      const timeoutSeconds = watchSeconds(random());
      const { chunks, keepOpen, extend } = await connection.request({
        method: 'GET',
        path,
        query: { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds, ...query },
        signal,
        timeoutMs: TIMEOUT_MS,
      });
      const what = `watch ${path}`;
      return {
        events: readEvents({ chunks: timed(chunks), kind, what, count, tooLong: lineTooLong }),
        keepOpen,
        extend,
      };
    },
    heard,
    ageMs: () => clock.monotonic() - lastByteMs,
  };
}

/** Random, so that replicas and kinds do not reconnect together. */
function watchSeconds(random: number): string {
  return `${WATCH_SECONDS.least + Math.floor(random * WATCH_SECONDS.spread)}`;
}
