import { createBackoff } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { PodLogLine } from '../cluster/pod-log.ts';
import { readLogLine } from './entry.ts';
import type { LogLine, LogSource } from './entry.ts';
import { isNotThere } from './failures.ts';
import type { ReadLog } from './read.ts';

/** Between two attempts to read a log. Milliseconds. */
const BACKOFF = { firstMs: 500, capMs: 10_000 };

export interface FollowSourceDeps {
  readonly read: ReadLog;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Resolves when more can be taken. */
  readonly take: (line: LogLine) => Promise<void>;
  readonly failed: (source: LogSource, error: unknown) => void;
  /** False once the Pod is gone: the log is read to its end and not again. */
  readonly isPresent: () => boolean;
  readonly signal: AbortSignal;
  /** Undefined: from the beginning, for a Pod that is new. */
  readonly sinceSeconds: number | undefined;
}

/**
 * Follows the log of a container. The stream ends with each instance of the container, and now and then by itself; it
 * is continued without losing or repeating a line.
 */
export async function followSource(source: LogSource, deps: FollowSourceDeps): Promise<void> {
  const { read, clock, take, failed, isPresent, signal, sinceSeconds } = deps;
  const backoff = createBackoff(BACKOFF);
  const position = createPosition();
  // A function, because the compiler takes the property for constant.
  const isStopped = () => signal.aborted;
  let lastMs = 0;
  while (!signal.aborted) {
    const { stamp } = position;
    const since = stamp === '' ? { sinceSeconds } : { sinceTime: stamp };
    try {
      for await (const batch of read(source, { follow: true, signal, ...since })) {
        for (const raw of batch.filter((each) => position.isNew(each))) {
          backoff.reset();
          const line = readLogLine(raw, source, lastMs);
          lastMs = line.atMs;
          await take(line);
        }
      }
    } catch (error) {
      if (isStopped()) return;
      if (!isNotThere(error)) failed(source, error);
      if (isHopeless(error)) return;
    }
    if (!isPresent()) return;
    await clock.sleep(backoff.next(), signal);
    position.resume();
  }
}

/** A right does not come back by asking again. */
function isHopeless(error: unknown): boolean {
  return error instanceof ClusterError && (error.fault === 'forbidden' || error.fault === 'unauthorized');
}

/**
 * Where a log was read to. A stream continues at a whole second (Kubernetes, PodLogOptions.sinceTime), so that it
 * begins with lines that were read before.
 */
function createPosition() {
  let last = { stamp: '', atMs: -Infinity };
  /** Lines with the last stamp that were read, and how many of them came again. */
  let [read, again] = [0, 0];
  let repeats = false;

  return {
    get stamp() {
      return last.stamp;
    },
    resume() {
      again = 0;
      repeats = last.stamp !== '';
    },
    isNew({ stamp, atMs }: PodLogLine): boolean {
      if (stamp === '') return !repeats;
      if (repeats) {
        if (stamp === last.stamp && again < read) {
          again += 1;
          return false;
        }
        if (atMs < last.atMs) return false;
        repeats = false;
      }
      read = stamp === last.stamp ? read + 1 : 1;
      last = { stamp, atMs };
      return true;
    },
  };
}
