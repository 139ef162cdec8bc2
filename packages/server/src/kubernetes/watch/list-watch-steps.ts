import type { Clock } from '@rolegate/runtime';
import type { Connection } from '../api/connection.ts';
import type { Kind } from '../objects/shapes.ts';
import type { CurrentVersion } from './current-version.ts';
import type { GatheredList, Intake } from './intake.ts';
import { listPages } from './list-pages.ts';
import type { Recovery, Step } from './recovery.ts';
import type { Relist } from './relist.ts';
import type { WatchEvent } from './watch-events.ts';
import type { WatchStreams } from './watch-streams.ts';

/** The API server sends a bookmark every minute; without a byte in this time the connection is dead. Milliseconds. */
const SILENCE_MS = 90_000;

/** If no list confirms objects within this time after an unreadable event, their Pods become pending. Milliseconds. */
const CONFIRMED_WITHIN_MS = 10_000;

/**
 * A streaming list may take longer by this time for each thousand objects, up to twice the Pods of a large cluster: those take
 * half a minute on a core, and a list that never ends must be given up.
 */
const MORE_TIME = { ms: 1_000, everyObjects: 1_000, mostObjects: 300_000 };

/** Kubernetes API concepts, "Streaming lists": without a resourceVersion the list is consistent. */
const STREAMING_LIST = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };

/** A list that was applied to the store. */
export interface Listed {
  /** Its resourceVersion. */
  readonly from: string;
  readonly by: 'pages' | 'stream';
  /** When it was requested, on the monotonic clock. Milliseconds. */
  readonly beganMs: number;
}

export interface StepsDeps {
  readonly connection: Connection;
  readonly kind: Kind;
  readonly path: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly store: { readonly resourceVersion: string };
  readonly streams: WatchStreams;
  readonly intake: Intake;
  readonly relist: Relist;
  readonly current: Pick<CurrentVersion, 'confirm'>;
  readonly events: WatchedEvents;
  readonly listed: (list: Listed) => void;
}

/**
 * Performs one step of a list+watch loop: a list, a watch, or both in one stream. Resolves to true after a watch, and to false
 * after a list, which the watch must follow without a pause.
 */
export function createSteps(deps: StepsDeps): (step: Step, signal: AbortSignal) => Promise<boolean> {
  const { connection, kind, path, clock, store, streams, intake, relist, current, events, listed } = deps;
  /** The next watch begins where a list has just ended. */
  let isListFresh = false;

  async function page(list: GatheredList, signal: AbortSignal, beganMs: number): Promise<void> {
    const from = await listPages({ connection, kind, path, signal, heard: streams.heard, item: list.add });
    await list.finish(from);
    listed({ from, by: 'pages', beganMs });
    isListFresh = true;
  }

  /** A streaming list, which continues as a watch. */
  async function stream(list: GatheredList, signal: AbortSignal, beganMs: number): Promise<void> {
    let isOver = false;
    let objects = 0;
    const watch = await streams.open(STREAMING_LIST, signal);
    for await (const event of watch.events) {
      if (isOver) {
        if (events.take(event)) return;
        continue;
      }
      objects += 1;
      if (objects <= MORE_TIME.mostObjects && objects % MORE_TIME.everyObjects === 0)
        watch.extend(MORE_TIME.ms);
      if (await list.event(event)) {
        isOver = true;
        watch.keepOpen(SILENCE_MS);
        listed({ from: store.resourceVersion, by: 'stream', beganMs });
        if (list.missedChange) relist.request('unreadable');
      }
    }
    if (!isOver) throw new Error(`watch ${path}: the list was incomplete`);
  }

  async function resume(resourceVersion: string, signal: AbortSignal): Promise<void> {
    // kube-apiserver 1.34 accepts a watch from a future resourceVersion, and sends nothing until it is reached.
    if (!isListFresh) await current.confirm(signal);
    isListFresh = false;
    const watch = await streams.open({ resourceVersion }, signal);
    watch.keepOpen(SILENCE_MS);
    for await (const event of watch.events) if (events.take(event)) return;
  }

  return async (step, signal) => {
    if (step.kind === 'resume') {
      await resume(step.from, AbortSignal.any([signal, relist.signal]));
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
  };
}

export interface WatchedEventsDeps {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly intake: Pick<Intake, 'event'>;
  readonly recovery: Pick<Recovery, 'moved'>;
  readonly relist: Relist;
  readonly store: { announceDoubt(): void };
}

/** Applies the events of a watch to the store. */
export interface WatchedEvents {
  /** True if the watch must end because a list is due. */
  take(event: WatchEvent): boolean;
  /** To be called after a list has confirmed all objects. */
  confirmed(): void;
}

/**
 * Requests a list when an event cannot be read. Doubts about all objects are announced only if no list follows in time, which is
 * rare.
 */
export function createWatchedEvents(deps: WatchedEventsDeps): WatchedEvents {
  const { clock, intake, recovery, relist, store } = deps;
  let cancelDoubt: (() => void) | undefined;
  return {
    take(event) {
      const { from, unreadable } = intake.event(event);
      recovery.moved(from);
      if (unreadable) {
        relist.request('unreadable');
        cancelDoubt ??= clock.schedule(CONFIRMED_WITHIN_MS, () => {
          cancelDoubt = undefined;
          store.announceDoubt();
        });
      }
      return relist.due !== undefined;
    },
    confirmed() {
      cancelDoubt?.();
      cancelDoubt = undefined;
    },
  };
}
