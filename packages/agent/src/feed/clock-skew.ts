import type { Log } from '@rolegate/runtime';

/** Clocks further apart than this are worth a line: SDKs compare documents with the node's clock. */
const WORTH_TELLING_MS = 5_000;

const HINT = 'Check time synchronization (chrony, NTP) on this node and on the node of the server.';

export interface ClockSkew {
  /** How far the node's clock was before the server's when a stream began. */
  readonly measured: (skewMs: number, server: string) => void;
  /** As last measured; 0 before. */
  readonly latestMs: () => number;
}

/** Tells when the clocks are found apart, and when they are together again. What Pods get is counted on the monotonic clock. */
export function createClockSkew({ log }: { readonly log: Log }): ClockSkew {
  let latestMs = 0;
  let apart = false;
  return {
    measured(skewMs, server) {
      latestMs = skewMs;
      const now = Math.abs(skewMs) > WORTH_TELLING_MS;
      if (now && !apart) log.warn('node and server clocks differ', { server, skewMs, hint: HINT });
      if (!now && apart) log.info('node and server clocks agree again', { server, skewMs });
      apart = now;
    },
    latestMs: () => latestMs,
  };
}
