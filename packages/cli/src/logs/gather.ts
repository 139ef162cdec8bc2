import { atMost } from '../cluster/at-most.ts';
import type { Output } from '../output/output.ts';
import { readLogLine } from './entry.ts';
import type { LogLine, LogSource } from './entry.ts';
import { isNotThere } from './failures.ts';
import type { Failures } from './failures.ts';
import type { Printer } from './printer.ts';
import { createProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import type { ReadLog } from './read.ts';
import { createReorder } from './reorder.ts';
import type { Reorder } from './reorder.ts';

/** Logs that are read at once. */
const MOST_AT_ONCE = 32;
/** Lines that wait for logs whose reading has not begun. Bytes. */
const MOST_BYTES = 40 * 1024 * 1024;
/** Once all are being read, those that are ahead wait for the others at this size. Bytes. */
const AHEAD_BYTES = 4 * 1024 * 1024;
/** The agent's line of a request is up to this much later than the server's: the longest hold, and clocks that differ. */
const JOIN_MS = 5_000;

export interface GatherDeps {
  readonly read: ReadLog;
  /** Whether a line can be shown. */
  readonly keeps: (line: LogLine) => boolean;
  readonly printer: Printer;
  readonly failures: Failures;
  readonly output: Pick<Output, 'note' | 'progress'>;
  readonly sinceSeconds: number;
  readonly signal: AbortSignal;
  readonly mostBytes?: number;
}

/** Reads all logs to their ends and prints their lines in the order of time, as soon as it is known. */
export async function gather(sources: readonly LogSource[], deps: GatherDeps): Promise<void> {
  const { printer, failures, output, signal, mostBytes = MOST_BYTES } = deps;
  const reorder = createReorder({ windowMs: Infinity, mostBytes, now: () => 0 });
  const progress = createProgress(sources);
  const pace = createPace(reorder, progress, printer);
  const inTurn = atMost(MOST_AT_ONCE);
  let done = 0;

  async function readOrFail(source: LogSource): Promise<void> {
    try {
      if (!signal.aborted) await readOne(source, { ...deps, reorder, progress, pace });
    } catch (error) {
      if (!signal.aborted && !isNotThere(error)) failures.add(source, error);
    }
    progress.ended(source);
    done += 1;
    output.progress(`read ${done} of ${sources.length} logs`);
    await pace(source);
  }

  await Promise.all(sources.map((source) => inTurn(() => readOrFail(source))));
  output.progress('');
  await printer.print(reorder.drain());
  await printer.printStorms(Infinity);
  if (reorder.overflowed)
    output.note(
      'too many lines to sort in memory, so their order is not exact; narrow them with --since or --node',
    );
  for (const line of failures.summary()) output.note(line);
}

interface ReadOneDeps extends Pick<GatherDeps, 'read' | 'keeps' | 'printer' | 'sinceSeconds' | 'signal'> {
  readonly reorder: Reorder;
  readonly progress: Progress;
  readonly pace: (source: LogSource) => Promise<void>;
}

async function readOne(source: LogSource, deps: ReadOneDeps): Promise<void> {
  const { read, keeps, printer, sinceSeconds, signal, reorder, progress, pace } = deps;
  let lastMs = 0;
  for await (const batch of read(source, { follow: false, signal, sinceSeconds })) {
    const early = batch.flatMap((raw) => {
      const line = readLogLine(raw, source, lastMs);
      lastMs = line.atMs;
      return keeps(line) ? [...reorder.push(line)] : [];
    });
    progress.reached(source, lastMs);
    await printer.print(early);
    await pace(source);
  }
}

/** Prints what is complete, and keeps logs together, so that the lines of one do not pile up until another is read. */
function createPace(reorder: Reorder, progress: Progress, printer: Printer) {
  let moved = Promise.withResolvers<undefined>();

  function isAhead(source: LogSource): boolean {
    const completeMs = progress.completeMs();
    return Number.isFinite(completeMs) && reorder.bytes > AHEAD_BYTES && !progress.isLast(source);
  }

  return async (source: LogSource): Promise<void> => {
    await printer.print(reorder.until(progress.completeMs() - JOIN_MS));
    moved.resolve(undefined);
    moved = Promise.withResolvers();
    while (isAhead(source)) await moved.promise;
  };
}
