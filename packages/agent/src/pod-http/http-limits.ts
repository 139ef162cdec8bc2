import type { HttpLimits } from '@rolegate/runtime';

/** Flags of the agent; DESIGN.md 4.2 says what is answered at a limit. */
export interface LimitsOptions {
  /** Open connections and waiting requests of one Pod, and of all Pods. */
  readonly connectionsPerPod: number;
  readonly waitingPerPod: number;
  readonly connections: number;
  readonly waiting: number;
}

/** The defaults of the flags. */
export const defaultLimits: LimitsOptions = {
  connectionsPerPod: 256,
  waitingPerPod: 256,
  connections: 4_096,
  waiting: 4_096,
};

/** The group of all addresses that no Pod owns. No Namespace has an empty name. */
export const STRANGERS = '';
/** The share of all addresses without a Pod together. */
const STRANGERS_PART = 1 / 8;
/** A Pod with at most this many connections or waiting requests never loses one to another Pod. */
const SPARED = 16;

/** SDKs send their headers in one packet. */
const HEAD_BYTES = 16_384;
const HEAD_MS = 2_000;
const BODY_MS = 2_000;
const KEEP_ALIVE_MS = 5_000;
/** A client that leaves an answer unread for longer than this is not reading. */
const ANSWER_MS = 5_000;

/**
 * Unread bytes, including the kernel's buffers: per connection, per Pod, and in all. A Pod may have slightly more once all are
 * at their limit, so that the node stays below 64 MiB (DESIGN.md 4.11).
 */
const UNREAD = { perConnection: 16_384, perClient: 16 * 1_048_576, total: 48 * 1_048_576 };

/** Limits of shared places: connections or waiting requests. */
export function sharedPlaces(perClient: number, total: number): HttpLimits['places'] {
  return {
    perClient,
    total,
    spared: SPARED,
    ofGroup: (group) => (group === STRANGERS ? Math.max(1, Math.floor(total * STRANGERS_PART)) : total),
  };
}

/** The HTTP limits for Pods (DESIGN.md 4.11). */
export function podHttpLimits({ connectionsPerPod, connections }: LimitsOptions): HttpLimits {
  return {
    places: sharedPlaces(connectionsPerPod, connections),
    headBytes: HEAD_BYTES,
    headMs: HEAD_MS,
    bodyMs: BODY_MS,
    behindBytes: HEAD_BYTES,
    keepAliveMs: KEEP_ALIVE_MS,
    answerMs: ANSWER_MS,
    unread: UNREAD,
  };
}
