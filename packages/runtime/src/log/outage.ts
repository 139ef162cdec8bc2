import type { Clock } from '../time/clock.ts';
import { logLevels } from './log.ts';
import type { Log, LogLevel } from './log.ts';

/** A failure that lasts is logged again after this time. Milliseconds. */
const AGAIN_MS = 60_000;

export interface OutageLog {
  /**
   * Counts a failure. The first is logged, then one a minute with the number of lines left out, and each one that is more severe than
   * the last line.
   */
  failed(level: LogLevel, message: string, fields: object): void;
  /** Ends the outage. Returns what to log about it, or undefined if nothing had failed. */
  over(): OutageEnd | undefined;
}

export interface OutageEnd {
  /** Since the first failure. */
  readonly awayMs: number;
  readonly failures: number;
}

/** Keeps something that is retried for hours from filling the log. */
export function createOutageLog({ clock, log }: { clock: Pick<Clock, 'monotonic'>; log: Log }): OutageLog {
  let outage: { readonly sinceMs: number; failures: number } | undefined;
  let logged = { atMs: -Infinity, severity: -1 };
  let leftOut = 0;

  return {
    failed(level, message, fields) {
      const nowMs = clock.monotonic();
      outage ??= { sinceMs: nowMs, failures: 0 };
      outage.failures += 1;
      const severity = logLevels.indexOf(level);
      if (nowMs - logged.atMs < AGAIN_MS && severity <= logged.severity) {
        leftOut += 1;
        return;
      }
      log[level](message, { ...fields, ...(leftOut > 0 && { leftOut }) });
      logged = { atMs: nowMs, severity };
      leftOut = 0;
    },
    over() {
      const ended = outage;
      outage = undefined;
      return ended && { awayMs: Math.round(clock.monotonic() - ended.sinceMs), failures: ended.failures };
    },
  };
}
