import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../../memory/memory.ts';
import type { Connection } from '../api/connection.ts';
import type { ApiObject, Identity, PickResult } from '../objects/objects.ts';
import type { Kind } from '../objects/shapes.ts';
import type { WritableStore } from '../objects/store.ts';
import { createCurrentVersion } from './current-version.ts';
import type { CurrentVersion } from './current-version.ts';
import { createIntake } from './intake.ts';
import { readVersion } from './list-pages.ts';
import { createSteps, createWatchedEvents } from './list-watch-steps.ts';
import type { Listed } from './list-watch-steps.ts';
import { createRecovery } from './recovery.ts';
import type { Recovery, RelistReason } from './recovery.ts';
import { createRelist } from './relist.ts';
import type { Relist } from './relist.ts';
import { createUnreadableLog } from './unreadable-log.ts';
import type { WatchEventLabel } from './watch-events.ts';
import { createWatchStreams } from './watch-streams.ts';

/** The metrics of the loops. */
export interface WatchMetrics {
  watchEvents(kind: Kind, type: WatchEventLabel): void;
  relists(kind: Kind, why: RelistReason): void;
}

export interface ListWatchDeps<T extends ApiObject> {
  readonly connection: Connection;
  /** e.g. /api/v1/pods */
  readonly path: string;
  readonly kind: Kind;
  readonly pick: (raw: unknown) => PickResult<T>;
  /** The store's keys. */
  readonly keyOf: (object: T) => string;
  /** The key of an unreadable object; undefined if too little of it can be read. */
  readonly keyOfPart: (identity: Identity) => string | undefined;
  /** Removes texts that do not fit from the object; `dropped` undoes it. */
  readonly admit?: (object: T) => T;
  readonly dropped?: (object: T) => void;
  /** Called if a line of a watch was too long to be read. */
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
  /** Runs until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Since the last byte from the API server, or since the start. Milliseconds. */
  ageMs(): number;
  /** Lists the objects again within a minute, because refused texts may fit now. */
  readonly roomAgain: () => void;
  /** Lists the objects again within 2 s, because the API server may have gone back to an older state. */
  readonly restored: () => void;
  /** The API server's current resourceVersion. */
  readonly current: Pick<CurrentVersion, 'ask' | 'confirmedMs'>;
}

/**
 * Keeps a store equal to the API server's objects of a kind: lists, watches from there, resumes from the last resourceVersion
 * after a drop, and lists again when that has expired. Failures never remove objects from the store.
 */
export function createListWatch<T extends ApiObject>(deps: ListWatchDeps<T>): ListWatch {
  const { connection, path, kind, store, clock, log, metrics } = deps;
  const { admit = (object: T) => object, dropped = () => undefined, lineTooLong = () => undefined } = deps;
  const unreadable = createUnreadableLog({ kind, clock, log, memory: deps.memory });
  const intake = createIntake({ ...deps, admit, dropped, unreadable });
  const relist = createRelist(clock);
  const relisted = (why: RelistReason) => {
    metrics.relists(kind, why);
  };
  const recovery = createRecovery({ ...deps, relisted });
  let running = new AbortController().signal;
  const restored = () => {
    relist.request('older');
  };
  const current = createCurrentVersion({
    path,
    store,
    read: (signal) => readVersion({ connection, kind, path, signal }),
    restored,
    clock,
    signal: () => running,
  });
  const count = (label: WatchEventLabel) => {
    metrics.watchEvents(kind, label);
  };
  const streams = createWatchStreams({ ...deps, count, lineTooLong });
  const events = createWatchedEvents({ clock, intake, recovery, relist, store });
  const listed = ({ from, by, beganMs }: Listed) => {
    current.listed(beganMs);
    recovery.listed(from);
    events.confirmed();
    log.info('list complete', { kind, objects: store.size, by });
  };
  const take = createSteps({ ...deps, streams, intake, relist, current, events, listed });
  return {
    run(signal) {
      running = signal;
      return runLoop({ recovery, relist, take, clock }, signal);
    },
    ageMs: streams.ageMs,
    roomAgain() {
      relist.request('room');
    },
    restored,
    current,
  };
}

interface Loop {
  readonly recovery: Recovery;
  readonly relist: Relist;
  readonly take: ReturnType<typeof createSteps>;
  readonly clock: Clock;
}

/** Performs steps until the signal aborts; never rejects. */
async function runLoop({ recovery, relist, take, clock }: Loop, signal: AbortSignal): Promise<void> {
  // A call, because the signal may abort during an await.
  const stopped = () => signal.aborted;
  while (!stopped()) {
    const startedMs = clock.monotonic();
    try {
      const watched = await take(recovery.next(), signal);
      if (relist.due !== undefined) recovery.listAgain(relist.due);
      else if (watched) await clock.sleep(recovery.ended(clock.monotonic() - startedMs), signal);
    } catch (error) {
      if (stopped()) return;
      if (relist.due !== undefined) recovery.listAgain(relist.due);
      else await clock.sleep(recovery.failed(error, clock.monotonic() - startedMs), signal);
    }
  }
}
