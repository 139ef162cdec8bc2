import type { MemorySample } from '../watch/memory-log.ts';
import { slopeOf, windowMinima } from './slope.ts';
import type { Slope } from './slope.ts';

/** Allowed growth an hour. Bytes. */
export const MOST_GROWTH = 2 ** 20;
/** Holds a sample between faults. Milliseconds. */
const WINDOW_MS = 30_000;

export type Verdict =
  /** The whole interval is within the limit. */
  | 'within'
  /** The whole interval exceeds it. */
  | 'exceeded'
  /** The error is too large to tell. */
  | 'undecided';

export interface Growth {
  readonly program: string;
  readonly live: Slope | undefined;
  readonly outside: Slope | undefined;
  /** At the end. */
  readonly liveBytes: number;
  readonly outsideBytes: number;
  /** From the first judged sample to the last. */
  readonly codeBytes: { readonly from: number; readonly to: number };
}

/** The growth of each program's memory from `fromMs` to `toMs`, by performance.now(). */
export function growthsOf(
  samples: readonly MemorySample[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Growth[] {
  const judged = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const programs = [...new Set(judged.map(({ program }) => program))];
  return programs.map((program) => {
    const own = judged.filter((sample) => sample.program === program);
    const slope = (key: 'liveBytes' | 'outsideBytes') =>
      slopeOf(
        windowMinima(
          own.map((sample) => ({ atMs: sample.atMs, value: sample[key] })),
          WINDOW_MS,
        ),
      );
    const { liveBytes = NaN, outsideBytes = NaN, codeBytes: to = NaN } = own.at(-1) ?? {};
    return {
      program,
      live: slope('liveBytes'),
      outside: slope('outsideBytes'),
      liveBytes,
      outsideBytes,
      codeBytes: { from: own.at(0)?.codeBytes ?? NaN, to },
    };
  });
}

export function verdictOf(slope: Slope | undefined): Verdict {
  if (slope === undefined) return 'undecided';
  const { perHour, errorPerHour } = slope;
  if (perHour + errorPerHour <= MOST_GROWTH) return 'within';
  return perHour - errorPerHour > MOST_GROWTH ? 'exceeded' : 'undecided';
}

/**
 * Live memory must be shown to be within the limit. Resident memory outside of the heap varies with the allocator, so it is a
 * problem only if it exceeds the limit for certain: that finds leaks of native code.
 */
export function memoryProblems(growths: readonly Growth[]): string[] {
  return growths.flatMap(({ program, live, outside }) => [
    ...(verdictOf(live) === 'within' ? [] : [`${program}: live memory grows by ${slopeText(live)}`]),
    ...(verdictOf(outside) === 'exceeded'
      ? [`${program}: resident memory outside of the heap grows by ${slopeText(outside)}`]
      : []),
  ]);
}

/** `0.12 ± 0.05 MiB an hour` */
export function slopeText(slope: Slope | undefined): string {
  if (slope === undefined) return 'an unknown amount: there are too few samples';
  const { perHour, errorPerHour } = slope;
  return `${(perHour / 2 ** 20).toFixed(2)} ± ${(errorPerHour / 2 ** 20).toFixed(2)} MiB an hour`;
}
