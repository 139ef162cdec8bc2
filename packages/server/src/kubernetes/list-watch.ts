import type { Clock, Log } from '@rolegate/runtime';
import type { Connection } from './connection.ts';
import { createIntake } from './intake.ts';
import { listPages } from './list-pages.ts';
import type { ApiObject, Cut } from './objects.ts';
import { createPassedOver } from './passed-over.ts';
import { createRecovery } from './recovery.ts';
import type { RelistReason } from './recovery.ts';
import type { WritableStore } from './store.ts';
import { readEvents } from './watch-events.ts';
import type { WatchEventLabel } from './watch-events.ts';

/** The API server sends a bookmark each minute: without a byte for so long the connection is dead. Milliseconds. */
const SILENCE_MS = 90_000;

/** A streaming list that stands still for so long is fetched by pages. Milliseconds. */
const LIST_SILENCE_MS = 30_000;

/** The server is asked to end a watch after 5 to 10 minutes, as client-go asks it. Seconds. */
const WATCH_SECONDS = { least: 300, spread: 300 };

/** Kubernetes API concepts, "Streaming lists": resourceVersion left out asks for a consistent list. */
const STREAMING_LIST = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };

export type Kind = 'Pod' | 'Namespace' | 'ServiceAccount' | 'Node';

/** What the loops count. */
export interface WatchMetrics {
  watchEvents(kind: Kind, type: WatchEventLabel): void;
  /** A list was fetched anew, and why. */
  relists(kind: Kind, why: RelistReason): void;
}

export interface ListWatchDeps<T extends ApiObject> {
  readonly connection: Connection;
  /** e.g. /api/v1/pods */
  readonly path: string;
  readonly kind: Kind;
  readonly cut: (raw: unknown) => Cut<T>;
  /** As the store's. */
  readonly keyOf: (object: T) => string;
  readonly store: WritableStore<T>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WatchMetrics;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface ListWatch {
  /** Until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Since the last byte from the API server, or since the start. Milliseconds. */
  ageMs(): number;
}

/**
 * Keeps a store equal to the API server's objects of a kind: lists, watches from there, goes on from the last
 * resourceVersion after a drop, and lists anew when that has expired. The store is only ever brought up to date.
 */
export function createListWatch<T extends ApiObject>(deps: ListWatchDeps<T>): ListWatch {
  const { connection, path, kind, store, clock, log, metrics, random } = deps;
  const passOver = createPassedOver({ kind, log });
  const intake = createIntake({ ...deps, passOver });
  const recovery = createRecovery({
    ...deps,
    relisted: (why) => {
      metrics.relists(kind, why);
    },
  });
  let lastByteMs = clock.monotonic();

  async function run(signal: AbortSignal): Promise<void> {
    // A call, because the signal aborts while we wait.
    const stopped = () => signal.aborted;
    while (!stopped()) {
      const startedMs = clock.monotonic();
      try {
        const watched = await attempt(signal);
        if (watched) await clock.sleep(recovery.ended(clock.monotonic() - startedMs), signal);
      } catch (error) {
        if (!stopped()) await clock.sleep(recovery.failed(error, clock.monotonic() - startedMs), signal);
      }
    }
  }

  /** True after a watch, false after a list: the watch that belongs to it is to follow at once. */
  async function attempt(signal: AbortSignal): Promise<boolean> {
    const step = recovery.next();
    if (step.kind === 'page') await page(signal);
    else if (step.kind === 'stream') await watch(STREAMING_LIST, true, signal);
    else await watch({ resourceVersion: step.from }, false, signal);
    return step.kind !== 'page';
  }

  async function page(signal: AbortSignal): Promise<void> {
    const list = intake.list();
    let from: string | undefined;
    for await (const { items, resourceVersion } of listPages({ connection, path, signal })) {
      lastByteMs = clock.monotonic();
      from ??= resourceVersion;
      for (const item of items) list.add(item);
    }
    if (from === undefined) return;
    list.finish(from);
    listed(from, 'pages');
  }

  /** One watch, which begins with a list where it was asked to. */
  async function watch(
    query: Readonly<Record<string, string>>,
    lists: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { chunks, setTimeoutMs } = await connection.request({
      method: 'GET',
      path,
      query: { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: watchSeconds(), ...query },
      signal,
      timeoutMs: lists ? LIST_SILENCE_MS : SILENCE_MS,
    });
    let list = lists ? intake.list() : undefined;
    const count = (label: WatchEventLabel) => {
      metrics.watchEvents(kind, label);
    };
    for await (const event of readEvents({ chunks: timed(chunks), what: `watch ${path}`, count, passOver })) {
      if (list === undefined) {
        recovery.moved(intake.event(event));
      } else if (list.event(event)) {
        list = undefined;
        setTimeoutMs(SILENCE_MS);
        listed(store.resourceVersion, 'stream');
      }
    }
    if (list !== undefined) throw new Error(`watch ${path}: the list was cut short`);
  }

  function listed(from: string, by: 'pages' | 'stream'): void {
    recovery.listed(from);
    log.info('a kind of object is listed', { kind, objects: store.size, by });
  }

  async function* timed(chunks: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const chunk of chunks) {
      lastByteMs = clock.monotonic();
      yield chunk;
    }
  }

  /** At random, so that replicas and kinds do not all come back at once. */
  function watchSeconds(): string {
    return `${WATCH_SECONDS.least + Math.floor(random() * WATCH_SECONDS.spread)}`;
  }

  return { run, ageMs: () => clock.monotonic() - lastByteMs };
}
