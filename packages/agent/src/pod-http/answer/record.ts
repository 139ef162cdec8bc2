import type { Code } from './answer.ts';
import type { Sdk } from '../sdk.ts';

/** The name of a route in logs and metrics: a closed set. */
export const routeNames = [
  'token',
  'list',
  'credentials',
  'iam-info',
  'metadata',
  'blocked',
  'malformed',
  'container-credentials',
] as const;
export type RouteName = (typeof routeNames)[number];

/** What is counted about an answer. */
export interface AnswerFacts {
  readonly route: RouteName;
  readonly status: number;
  /** Undefined for success. */
  readonly reason: Code | undefined;
  readonly uid: string | undefined;
  readonly sessionId: string | undefined;
  readonly durationMs: number;
  readonly sdk: Sdk;
  /** Undefined if the request could not be parsed, or is not for the metadata API. */
  readonly imds: 'v1' | 'v2' | undefined;
  /** The first answer to a request of this Pod for credentials, whatever the answer is. */
  readonly firstRequest: boolean;
  /** The Pod's first credentials. */
  readonly first: boolean;
  /** From the Pod's first request for credentials until it received them; only with `first`. Milliseconds. */
  readonly sinceFirstRequestMs: number | undefined;
}

/** One answer as it is logged. The names are those of the log's fields (DESIGN 4.9). Contains no secrets. */
export interface AnswerRecord extends AnswerFacts {
  readonly method: string;
  readonly detail: string | undefined;
  readonly waitedFor: string | undefined;
  readonly ip: string;
  readonly pod: string | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly role: string | undefined;
  readonly sessionName: string | undefined;
  readonly accessKeyId: string | undefined;
  /** The Pod of the ServiceAccount token, NAMESPACE/NAME and its UID, if the request came from elsewhere. */
  readonly tokenPod: string | undefined;
  readonly tokenUid: string | undefined;
  readonly cache: 'hit' | 'hold';
  readonly requestId: string;
}

/** Called for each answer. `describe` makes the full record, for the log. */
export type Answered = (facts: AnswerFacts, describe: () => AnswerRecord) => void;

/** How a hold ended: with the document, a refusal, a timeout, or because the client left. */
export type HoldOutcome = 'served' | 'refused' | 'timeout' | 'gone';

/** Counts answers. */
export interface AnswerMetrics {
  readonly answered: Answered;
  held(outcome: HoldOutcome): void;
}
