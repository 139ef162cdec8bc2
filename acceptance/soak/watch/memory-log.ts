import { setTimeout } from 'node:timers/promises';
import { memoryOf } from '../../bench/process-usage.ts';
import { askProbe } from './probe.ts';
import type { WatchedProgram } from './programs.ts';

/** Between two samples. Milliseconds. */
const EVERY_MS = 5_000;

export interface MemorySample {
  readonly program: string;
  readonly pid: number;
  /** By performance.now(). */
  readonly atMs: number;
  /** After a full garbage collection. Bytes. */
  readonly liveBytes: number;
  /** Resident memory that is neither a file nor V8's heap. Bytes. */
  readonly outsideBytes: number;
  /** Compiled code. Bytes. */
  readonly codeBytes: number;
}

export interface MemoryLog {
  readonly samples: readonly MemorySample[];
  readonly stop: () => Promise<void>;
}

/** Samples the memory of the programs until it is stopped. A process that is suspended or has ended gives none. */
export function startMemoryLog(programs: () => readonly WatchedProgram[], folder: string): MemoryLog {
  const samples: MemorySample[] = [];
  const stop = new AbortController();

  async function sample({ name, pid }: WatchedProgram): Promise<void> {
    try {
      const { liveBytes, codeBytes, heapBytes } = await askProbe(folder, pid, 'memory');
      const { anonymous } = await memoryOf(pid);
      const atMs = performance.now();
      const outsideBytes = anonymous * 2 ** 20 - heapBytes;
      samples.push({ program: name, pid, atMs, liveBytes, outsideBytes, codeBytes });
    } catch {
      // The next sample may succeed.
    }
  }

  const sampling = (async () => {
    while (!stop.signal.aborted) {
      // One after the other, so that two collections do not compete.
      for (const program of programs()) await sample(program);
      await setTimeout(EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    samples,
    async stop() {
      stop.abort();
      await sampling;
    },
  };
}
