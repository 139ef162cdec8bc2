import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { ApiResponse, Connection } from './connection.ts';
import { freedChunks } from './freed-chunks.ts';
import { createIntake } from './intake.ts';
import type { GatheredList } from './intake.ts';
import { listPages, readVersion } from './list-pages.ts';
import type { ApiObject, Cut, Identity } from './objects.ts';
import { createPresentVersion } from './current-version.ts';
import type { PresentVersion } from './current-version.ts';
import { createRecovery } from './recovery.ts';
import type { RelistReason } from './recovery.ts';
import { createRelist } from './relist.ts';
import type { Kind } from './shapes.ts';
import type { WritableStore } from './store.ts';
import { createUnreadableLog } from './unreadable-log.ts';
import { readEvents } from './watch-events.ts';
import type { WatchEvent, WatchEventLabel } from './watch-events.ts';

/** The API server sends a bookmark each minute: without a byte in this time the connection is dead. Milliseconds. */
const SILENCE_MS = 90_000;

/** A watch is to begin, and a streaming list to be over, within so long. Milliseconds. */
const TIMEOUT_MS = 30_000;

/** If no list confirms objects within this time after an unreadable event, they count as pending, even if decided before. Milliseconds. */
const CONFIRMED_WITHIN_MS = 10_000;

/** The server is asked to end a watch after 5 to 10 minutes, as client-go asks it. Seconds. */
const WATCH_SECONDS = { least: 300, spread: 300 };

/** Kubernetes API concepts, "Streaming lists": resourceVersion left out asks for a consistent list. */
const STREAMING_LIST = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };

/** What the loops count. */
export interface WatchMetrics {
  watchEvents(kind: Kind, type: WatchEventLabel): void;
  /** Objects are listed again, and why. */
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
  /** The same by what could be read of an object; undefined if that is too little. */
  readonly keyOfPart: (identity: Identity) => string | undefined;
  /** What of the object there is room for; `dropped` undoes it. */
  readonly hold?: (object: T) => T;
  readonly dropped?: (object: T) => void;
  /** A line of a watch was longer than any is read. */
  readonly lineTooLong?: () => void;
  readonly store: WritableStore<T>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WatchMetrics;
  readonly memory?: ServerMemory | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface ListWatch {
  /** Until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Since the last byte from the API server, or since the start. Milliseconds. */
  ageMs(): number;
  /** Lists the objects again within a minute: there is room for texts that were refused. */
  readonly roomAgain: () => void;
  /** Lists them again within two seconds: the API server may have gone back to an older state. */
  readonly wentBack: () => void;
  readonly present: Pick<PresentVersion, 'ask' | 'confirmedMs'>;
}

/**
 * Keeps a store equal to the API server's objects of a kind: lists, watches from there, goes on from the last
 * resourceVersion after a drop, and lists anew when that has expired. The store is only ever brought up to date.
 */
export function createListWatch<T extends ApiObject>(deps: ListWatchDeps<T>): ListWatch {
  const { connection, path, kind, store, clock, log, metrics, random } = deps;
  const { hold = (object: T) => object, dropped = () => undefined, lineTooLong = () => undefined } = deps;
  const unreadable = createUnreadableLog({ kind, clock, log, memory: deps.memory });
  const intake = createIntake({ ...deps, hold, dropped, unreadable });
  const relist = createRelist(clock);
  const recovery = createRecovery({
    ...deps,
    relisted: (why) => {
      metrics.relists(kind, why);
    },
  });
  let running = new AbortController().signal;
  const wentBack = () => {
    relist.request('older');
  };
  const present = createPresentVersion({
    path,
    store,
    read: (signal) => readVersion({ connection, kind, path, signal }),
    wentBack,
    clock,
    signal: () => running,
  });
  let lastByteMs = clock.monotonic();
  /** The watch begins where a list has just ended. */
  let isListFresh = false;
  let cancelDoubt: (() => void) | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    // A call, because the signal aborts while we wait.
    const stopped = () => signal.aborted;
    running = signal;
    while (!stopped()) {
      const startedMs = clock.monotonic();
      try {
        const watched = await attempt(signal);
        if (relist.due !== undefined) recovery.listAgain(relist.due);
        else if (watched) await clock.sleep(recovery.ended(clock.monotonic() - startedMs), signal);
      } catch (error) {
        if (stopped()) return;
        if (relist.due !== undefined) recovery.listAgain(relist.due);
        else await clock.sleep(recovery.failed(error, clock.monotonic() - startedMs), signal);
      }
    }
  }

  /** True after a watch, false after a list: the watch that belongs to it is to follow at once. */
  async function attempt(signal: AbortSignal): Promise<boolean> {
    const step = recovery.next();
    if (step.kind === 'resume') {
      await watch(step.from, AbortSignal.any([signal, relist.signal]));
      return true;
    }
    relist.begin();
    const list = intake.list();
    const beganMs = clock.monotonic();
    try {
      if (step.kind === 'page') await page(list, signal, beganMs);
      else await stream(list, AbortSignal.any([signal, relist.signal]), beganMs);
    } finally {
      list.abandon();
    }
    return step.kind !== 'page';
  }

  async function page(list: GatheredList, signal: AbortSignal, beganMs: number): Promise<void> {
    const heard = () => {
      lastByteMs = clock.monotonic();
    };
    const from = await listPages({ connection, kind, path, signal, heard, item: list.add });
    await list.finish(from);
    listed(from, 'pages', beganMs);
    isListFresh = true;
  }

  /** A list, and the watch from its end. */
  async function stream(list: GatheredList, signal: AbortSignal, beganMs: number): Promise<void> {
    let isOver = false;
    const { chunks, keepOpen } = await open(STREAMING_LIST, signal);
    for await (const event of events(chunks)) {
      if (isOver) {
        if (take(event)) return;
      } else if (await list.event(event)) {
        isOver = true;
        keepOpen(SILENCE_MS);
        listed(store.resourceVersion, 'stream', beganMs);
        if (list.missedChange) relist.request('unreadable');
      }
    }
    if (!isOver) throw new Error(`watch ${path}: the list was cut short`);
  }

  async function watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    // kube-apiserver 1.34 takes a watch from a resourceVersion that is yet to come, and says nothing until it has.
    if (!isListFresh) await present.confirm(signal);
    isListFresh = false;
    const { chunks, keepOpen } = await open({ resourceVersion }, signal);
    keepOpen(SILENCE_MS);
    for await (const event of events(chunks)) if (take(event)) return;
  }

  /** True if the watch is to be left for a list. */
  function take(event: WatchEvent): boolean {
    const { from, unreadable: isUnreadable } = intake.event(event);
    recovery.moved(from);
    if (isUnreadable) {
      relist.request('unreadable');
      doubt();
    }
    return relist.due !== undefined;
  }

  /** What an event of unknown identity casts doubt on is told only if no list comes: most often one does at once. */
  function doubt(): void {
    cancelDoubt ??= clock.schedule(CONFIRMED_WITHIN_MS, () => {
      cancelDoubt = undefined;
      store.announceDoubt();
    });
  }

  function open(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ApiResponse> {
    return connection.request({
      method: 'GET',
      path,
      query: { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: watchSeconds(), ...query },
      signal,
      timeoutMs: TIMEOUT_MS,
    });
  }

  function events(chunks: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent> {
    const count = (label: WatchEventLabel) => {
      metrics.watchEvents(kind, label);
    };
    return readEvents({ chunks: timed(chunks), kind, what: `watch ${path}`, count, tooLong: lineTooLong });
  }

  function listed(from: string, by: 'pages' | 'stream', beganMs: number): void {
    present.listed(beganMs);
    recovery.listed(from);
    cancelDoubt?.();
    cancelDoubt = undefined;
    log.info('a kind of object is listed', { kind, objects: store.size, by });
  }

  async function* timed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of freedChunks(chunks)) {
      lastByteMs = clock.monotonic();
      yield chunk;
    }
  }

  /** At random, so that replicas and kinds do not all come back at once. */
  function watchSeconds(): string {
    return `${WATCH_SECONDS.least + Math.floor(random() * WATCH_SECONDS.spread)}`;
  }

  return {
    run,
    ageMs: () => clock.monotonic() - lastByteMs,
    roomAgain() {
      relist.request('room');
    },
    wentBack,
    present,
  };
}
