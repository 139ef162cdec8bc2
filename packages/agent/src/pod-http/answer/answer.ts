import { reasons } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import type { HttpAnswer } from '@rolegate/runtime';

/** Faults of a request itself, in addition to the reasons. A Pod's SDK never causes them. */
export type Fault =
  | 'MalformedRequest'
  | 'HeadersTooLarge'
  | 'BodyTooLarge'
  | 'RequestTimeout'
  | 'HostNotAllowed'
  | 'MethodNotAllowed'
  | 'AuthorizationMissing'
  | 'ForwardedRequest'
  | 'InvalidTokenTtl'
  | 'NodeImdsAway'
  | 'InternalFault';

/** The code in a refusal's body, and the log's `reason`. */
export type Code = Reason | Fault;

/** An answer without what the connection and the request ID add. */
export interface Answer {
  readonly status: number;
  /** '' for success. */
  readonly code: Code | '';
  /** Absent: the refusal's JSON is made from the code. */
  readonly body?: string;
  /** The body is JSON for the container credentials endpoint, not a text as IMDS sends it. */
  readonly json?: true;
  /** Alternating names and values. */
  readonly headers?: readonly string[];
  /** For the operator's log. */
  readonly detail?: string;
  /** What the request was held for in vain, for the log. */
  readonly waitedFor?: string;
  /** Set if the body is credentials. */
  readonly accessKeyId?: string;
  /** The rendered form of an answer that is sent repeatedly. */
  readonly rendered?: HttpAnswer;
}

/** The message that a Pod gets for a fault. */
const FAULT_MESSAGES: Readonly<Record<Fault, string>> = {
  MalformedRequest: 'the request is malformed',
  HeadersTooLarge: 'the headers of the request are too large',
  BodyTooLarge: 'the body of the request is too large',
  RequestTimeout: 'the request was not complete in time',
  HostNotAllowed: 'the Host header does not name this service',
  MethodNotAllowed: 'the path does not allow this method',
  AuthorizationMissing: 'the request has no ServiceAccount token in its Authorization header',
  ForwardedRequest: 'forwarded requests get no tokens',
  InvalidTokenTtl: 'the token needs a TTL of 1 to 21600 seconds',
  NodeImdsAway: 'the metadata cannot be read at present',
  InternalFault: 'the request failed',
};

/** A document as IMDS sends it. */
export function document(text: string): Answer & { readonly body: string } {
  return { status: 200, code: '', body: text };
}

/** The refusal for a reason, by default with the status from the table of reasons. */
export function refusal(reason: Reason, more: Partial<Omit<Answer, 'code' | 'body'>> = {}): Answer {
  return { status: reasons[reason].http, code: reason, ...more };
}

/** The refusal of a faulty request. */
export function fault(
  status: number,
  code: Fault,
  more: Partial<Omit<Answer, 'code' | 'body'>> = {},
): Answer {
  return { status, code, ...more };
}

/** The body of a refusal, in both spellings, because SDKs read one or the other. It names no rule, Namespace or other Pod. */
export function refusalBody(code: Code, requestId: string): string {
  const message = isFault(code) ? FAULT_MESSAGES[code] : reasons[code].meaning;
  return JSON.stringify({ Code: code, code, Message: message, message, requestId });
}

function isFault(code: Code): code is Fault {
  return Object.hasOwn(FAULT_MESSAGES, code);
}
