/** DESIGN.md 4.11. A cached session takes 70 bytes, so 14,000 of them fit. Bytes. */
export const LARGEST_FIRST_REPORT = 1024 * 1024;
/** A first delivery takes 77 bytes and a used session 34, so 500 Pods with a session each fit. Bytes. */
export const LARGEST_REPORT = 64 * 1024;

/** For all streams of a node. An agent reports every 10 s, and once a second while Pods wait. */
export const REPORTS = { perSecond: 5, burst: 60 };

/** The most answers of one report: a day at 10,000 a second, which an agent without a feed saves for its next report. */
export const MOST_ANSWERS = 1_000_000_000;

/** The limits of one field of a report. */
export interface FieldLimit {
  /** Its number on the wire (protos/rolegate/v1/rolegate.proto). */
  readonly number: number;
  /** The most values that are read. */
  readonly most: number;
  /** Of one value. Bytes. */
  readonly longest: number;
  /** Set for numbers; all other fields are texts, messages or maps. */
  readonly isNumber?: true;
}

/** A kubelet runs 110 Pods by default and rarely more than 500; this is several times that. */
const MOST_SESSIONS = 4_096;
/** An agent saves no more for one report. */
const MOST_DELIVERIES = 1_024;
/** An agent has 28 reasons (DESIGN.md 4.8), ten request errors, and success; later versions may have more. */
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
  servesContainerCredentials: { number: 10, most: 1, longest: 1, isNumber: true },
} as const satisfies Record<string, FieldLimit>;

export type ReportField = keyof typeof reportFields;
