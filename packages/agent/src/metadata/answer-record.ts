import type { Code } from './answer.ts';
import type { RouteName } from './routes.ts';
import type { Sdk } from './sdk.ts';

/** One answer, for log and metrics. The names are those of the log's fields (DESIGN 4.9). Nothing in it is secret. */
export interface AnswerRecord {
  readonly route: RouteName;
  readonly method: string;
  readonly status: number;
  /** Undefined for success. */
  readonly reason: Code | undefined;
  readonly detail: string | undefined;
  readonly waitedFor: string | undefined;
  readonly ip: string;
  readonly pod: string | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly uid: string | undefined;
  readonly role: string | undefined;
  readonly sessionName: string | undefined;
  readonly sessionId: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly durationMs: number;
  readonly cache: 'hit' | 'hold';
  readonly sdk: Sdk;
  /** Undefined where the request could not be parsed. */
  readonly imds: 'v1' | 'v2' | undefined;
  readonly requestId: string;
  /** The first answer to this Pod's asking for credentials, whatever it is. */
  readonly firstRequest: boolean;
  /** The Pod's first credentials. */
  readonly first: boolean;
  /** From the Pod's first asking for credentials to having them; with `first` only. Milliseconds. */
  readonly sinceFirstRequestMs: number | undefined;
}

/** How a hold ended: with the document, a refusal, nothing in time, or because the client left. */
export type HoldOutcome = 'served' | 'refused' | 'timeout' | 'gone';

/** Who counts what was answered. */
export interface AnswerMetrics {
  answered(record: AnswerRecord): void;
  held(outcome: HoldOutcome): void;
}
