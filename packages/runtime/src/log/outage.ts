import type { Clock } from '../time/clock.ts';
import { logLevels } from './log.ts';
import type { Log, LogLevel } from './log.ts';

/** What goes on failing is logged again after this time. Milliseconds. */
const AGAIN_MS = 60_000;

export interface OutageLog {
  /** It has failed: logged at once, and then once a minute with the number of lines left out; what is worse is logged at once. */
  failed(level: LogLevel, message: string, fields: object): void;
  /** It works. What the line that says so can tell of the outage; undefined if nothing had failed. */
  over(): OutageEnd | undefined;
}

export interface OutageEnd {
  /** Since the first failure. */
  readonly awayMs: number;
  readonly failures: number;
}

/** Keeps something that is tried for hours from filling the log. */
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
