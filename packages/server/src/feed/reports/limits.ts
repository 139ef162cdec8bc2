/** DESIGN.md 4.11. Held sessions have 70 bytes each: the first report of 14,000 sessions fits. Bytes. */
export const LARGEST_FIRST_REPORT = 1024 * 1024;
/**
 * A Pod that got its first credentials since the last report has 77 bytes and a session that was asked for 34: all of 500 Pods,
 * each with a session of its own, fit. Bytes.
 */
export const LARGEST_REPORT = 64 * 1024;

/** An agent reports every 10 s, and once a second while Pods wait. Of all streams of a node. */
export const REPORTS = { perSecond: 5, burst: 60 };

/** Answers of one report: a day at 10,000 a second, which an agent without a feed keeps for its next report. */
export const MOST_ANSWERS = 1_000_000_000;

/** How many of a report's fields are read, and how long each may be. Bytes. */
export interface FieldLimit {
  /** Its number on the wire (protos/rolegate/v1/rolegate.proto). */
  readonly number: number;
  readonly most: number;
  readonly longest: number;
  /** It is a number; all others are texts, messages and maps. */
  readonly isNumber?: true;
}

/** A kubelet takes 110 Pods by default, and hardly more than 500: several times that. */
const MOST_SESSIONS = 4_096;
/** An agent keeps no more for one report. */
const MOST_DELIVERIES = 1_024;
/** An agent has 28 reasons (DESIGN.md 4.8), ten faults of requests, and success; one of a later version may have more. */
const MOST_REASONS = 64;

/** Every field of a report. */
export const reportFields = {
  nodeName: { number: 1, most: 1, longest: 253 },
  version: { number: 2, most: 1, longest: 64 },
  heldSessions: { number: 3, most: MOST_SESSIONS, longest: 256 },
  interception: { number: 4, most: 1, longest: 64 },
  firstDeliveries: { number: 5, most: MOST_DELIVERIES, longest: 256 },
  answersByReason: { number: 6, most: MOST_REASONS, longest: 128 },
  usedSessionIds: { number: 7, most: MOST_SESSIONS, longest: 64 },
  newestSeen: { number: 8, most: 1, longest: 96 },
  forgotMs: { number: 9, most: 1, longest: 10, isNumber: true },
} as const satisfies Record<string, FieldLimit>;

export type ReportField = keyof typeof reportFields;
