import type { Clock, Log } from '@rolegate/runtime';

/** A larger difference is logged: SDKs compare documents with the node's clock. */
const WORTH_TELLING_MS = 5_000;

const HINT =
  "A positive skewMs means that this node's clock is ahead. Check time synchronization (chrony, NTP) on this node and on the node of the server.";

export interface ClockSkew {
  /** How far the node's clock was ahead of the server's when a stream began. */
  readonly measured: (skewMs: number, server: string) => void;
  /** The last measurement; 0 before the first. */
  readonly latestMs: () => number;
  /**
   * The time by the server's clock, counted on by the monotonic clock, so that it is right even if the node's clock is not or is
   * corrected meanwhile. The node's time before the first measurement. Milliseconds since the epoch.
   */
  readonly serverNowMs: () => number;
}

export interface ClockSkewDeps {
  readonly log: Log;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/**
 * Logs when the clocks diverge and when they agree again. What Pods get does not depend on it: it is timed by the monotonic
 * clock.
 */
export function createClockSkew({ log, clock }: ClockSkewDeps): ClockSkew {
  let latestMs = 0;
  let serverAheadOfMonotonicMs: number | undefined;
  let apart = false;
  return {
    measured(skewMs, server) {
      latestMs = skewMs;
      serverAheadOfMonotonicMs = clock.now() - skewMs - clock.monotonic();
      const now = Math.abs(skewMs) > WORTH_TELLING_MS;
      if (now && !apart) log.warn('clock skew between node and server', { server, skewMs, hint: HINT });
      if (!now && apart) log.info('clock skew between node and server recovered', { server, skewMs });
      apart = now;
    },
    latestMs: () => latestMs,
    serverNowMs: () =>
      serverAheadOfMonotonicMs === undefined ? clock.now() : clock.monotonic() + serverAheadOfMonotonicMs,
  };
}
