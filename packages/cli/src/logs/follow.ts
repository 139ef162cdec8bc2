import type { Clock } from '@rolegate/runtime';
import { ClusterError } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import type { PodChange, RolegatePod, RolegatePods } from '../cluster/rolegate-pods.ts';
import type { Output } from '../output/output.ts';
import type { LogLine, LogSource } from './entry.ts';
import type { Failures } from './failures.ts';
import { followSource } from './follow-source.ts';
import type { Printer } from './printer.ts';
import type { ReadLog } from './read.ts';
import { createReorder } from './reorder.ts';

/** How long a line waits for earlier ones from other nodes. Milliseconds. */
const WINDOW_MS = 1_000;
/** Milliseconds. */
const TICK_MS = 200;
/** Lines that wait. Bytes. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Between two lists of Pods: after a watch has ended, and without the right to watch. Milliseconds. */
const RELIST_MS = 1_000;
const POLL_MS = 10_000;
/** The last lines of a Pod that is gone are waited for no longer. Milliseconds. */
const FAREWELL_MS = 10_000;

export interface FollowDeps {
  readonly found: RolegatePods;
  readonly list: () => Promise<RolegatePods>;
  readonly watch: (resourceVersion: string) => AsyncIterable<PodChange>;
  readonly sourcesOf: (pod: RolegatePod) => readonly LogSource[];
  readonly read: ReadLog;
  /** Whether a line can be shown. */
  readonly keeps: (line: LogLine) => boolean;
  readonly printer: Printer;
  readonly failures: Failures;
  readonly output: Pick<Output, 'note'>;
  readonly sinceSeconds: number;
  readonly maxStreams: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Prints new lines of all Pods, also of those that come later, until the signal aborts. */
export async function follow(deps: FollowDeps): Promise<void> {
  const { clock, signal, printer } = deps;
  const lines = createLiveLines(deps);
  const streams = createStreams(deps, (line) => lines.take(line));
  for (const pod of deps.found.pods) streams.present(pod, deps.sinceSeconds);
  const watching = followPods(deps, streams);
  while (!signal.aborted) {
    await clock.sleep(TICK_MS, signal);
    await lines.tick();
  }
  await watching;
  await streams.ended();
  await printer.print(lines.drain());
  await printer.printStorms(Infinity);
}

/** Merges lines as they arrive and prints them one after another. */
function createLiveLines({ keeps, printer, clock }: Pick<FollowDeps, 'keeps' | 'printer' | 'clock'>) {
  const reorder = createReorder({ windowMs: WINDOW_MS, mostBytes: MOST_BYTES, now: () => clock.monotonic() });
  // The latest time by the nodes' clocks, and when it was seen by ours.
  let latest = { atMs: -Infinity, seenMs: 0 };

  return {
    drain: () => reorder.drain(),
    take(line: LogLine): Promise<void> {
      if (!keeps(line)) return Promise.resolve();
      if (line.atMs > latest.atMs) latest = { atMs: line.atMs, seenMs: clock.monotonic() };
      return printer.print(reorder.push(line));
    },
    async tick(): Promise<void> {
      await printer.print(reorder.due());
      await printer.printStorms(latest.atMs + clock.monotonic() - latest.seenMs - WINDOW_MS);
    },
  };
}

interface Streams {
  present(pod: RolegatePod, sinceSeconds: number | undefined): void;
  gone(uid: string): void;
  uids(): readonly string[];
  /** Resolves when all have ended. */
  ended(): Promise<unknown>;
}

/** The streams of the Pods that exist. */
function createStreams(deps: FollowDeps, take: (line: LogLine) => Promise<void>): Streams {
  const { read, clock, failures, output, signal, maxStreams } = deps;
  const pods = new Map<string, AbortController>();
  const running = new Set<Promise<void>>();
  let isTold = false;

  function failed(source: LogSource, error: unknown): void {
    const line = failures.add(source, error);
    if (line !== undefined) output.note(line);
  }

  function start(source: LogSource, uid: string, stop: AbortSignal, sinceSeconds: number | undefined): void {
    if (running.size >= maxStreams) {
      if (!isTold)
        output.note(
          `following the logs of only ${maxStreams} containers; narrow them with --node, or raise --max-streams`,
        );
      isTold = true;
      return;
    }
    const isPresent = () => pods.has(uid);
    const stream = followSource(source, { read, clock, take, failed, isPresent, sinceSeconds, signal: stop });
    running.add(stream);
    void stream.finally(() => running.delete(stream));
  }

  return {
    present(pod, sinceSeconds) {
      // A Pod has no node until it is scheduled.
      const sources = pods.has(pod.uid) ? [] : deps.sourcesOf(pod);
      if (sources.length === 0) return;
      const stop = new AbortController();
      pods.set(pod.uid, stop);
      const both = AbortSignal.any([signal, stop.signal]);
      for (const source of sources) start(source, pod.uid, both, sinceSeconds);
    },
    gone(uid) {
      const stop = pods.get(uid);
      pods.delete(uid);
      clock.schedule(FAREWELL_MS, () => {
        stop?.abort();
      });
    },
    uids: () => [...pods.keys()],
    ended: () => Promise.allSettled(running),
  };
}

/** Keeps the streams in step with the Pods of the cluster. */
async function followPods(deps: FollowDeps, streams: Streams): Promise<void> {
  const { list, watch, clock, signal, output } = deps;
  let resourceVersion = deps.found.resourceVersion;
  // A function, because the compiler takes the property for constant.
  const isStopped = () => signal.aborted;
  let pauseMs = RELIST_MS;
  let complaint = '';

  function complain(error: unknown): void {
    if (signal.aborted || !(error instanceof ClusterError) || error.fault === 'expired') return;
    if (error.fault === 'forbidden') pauseMs = POLL_MS;
    const line = explainClusterError(error);
    if (line !== complaint) output.note(line);
    complaint = line;
  }

  async function watchOnce(): Promise<void> {
    for await (const { type, pod } of watch(resourceVersion)) {
      if (type === 'present') streams.present(pod, undefined);
      else streams.gone(pod.uid);
    }
  }

  async function relist(): Promise<void> {
    const listed = await list();
    ({ resourceVersion } = listed);
    for (const pod of listed.pods) streams.present(pod, undefined);
    const present = new Set(listed.pods.map(({ uid }) => uid));
    for (const uid of streams.uids()) if (!present.has(uid)) streams.gone(uid);
  }

  while (!signal.aborted) {
    try {
      if (pauseMs === RELIST_MS) await watchOnce();
    } catch (error) {
      complain(error);
    }
    await clock.sleep(pauseMs, signal);
    try {
      if (!isStopped()) await relist();
    } catch (error) {
      complain(error);
    }
  }
}
