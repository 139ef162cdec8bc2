import { reasons } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import type { HttpAnswer } from '@rolegate/runtime';

/** Faults of a request as such, beside the reasons: a Pod's SDK never makes them. */
export type Fault =
  | 'MalformedRequest'
  | 'HeadersTooLarge'
  | 'BodyTooLarge'
  | 'RequestTimeout'
  | 'HostNotAllowed'
  | 'MethodNotAllowed'
  | 'ForwardedRequest'
  | 'InvalidTokenTtl'
  | 'NodeImdsAway'
  | 'InternalFault';

/** What a refusal's body names, and the log as its `reason`. */
export type Code = Reason | Fault;

/** An answer but for what the connection and the request ID add. */
export interface Answer {
  readonly status: number;
  /** '' for success. */
  readonly code: Code | '';
  /** Absent: the refusal's JSON is made of the code. */
  readonly body?: Buffer;
  /** Names and values by turns. */
  readonly headers?: readonly string[];
  /** For the operator's log. */
  readonly detail?: string;
  /** What was held for in vain, for the log. */
  readonly waitedFor?: string;
  /** Set where the body is credentials. */
  readonly accessKeyId?: string;
  /** As it is sent, of an answer that is given again and again. */
  readonly rendered?: HttpAnswer;
}

/** All that a Pod is told of a fault. */
const FAULT_MESSAGES: Readonly<Record<Fault, string>> = {
  MalformedRequest: 'the request is malformed',
  HeadersTooLarge: 'the headers of the request are too large',
  BodyTooLarge: 'the body of the request is too large',
  RequestTimeout: 'the request did not come in whole in time',
  HostNotAllowed: 'the Host header does not name the metadata service',
  MethodNotAllowed: 'the path does not take this method',
  ForwardedRequest: 'tokens are not given to forwarded requests',
  InvalidTokenTtl: 'the token needs a TTL of 1 to 21600 seconds',
  NodeImdsAway: 'the metadata cannot be read at present',
  InternalFault: 'the request failed',
};

/** A document as IMDS sends it. */
export function document(text: string): Answer & { readonly body: Buffer } {
  return { status: 200, code: '', body: Buffer.from(text) };
}

/** The refusal for a reason, by default with the status that the table of reasons gives it. */
export function refusal(reason: Reason, more: Partial<Omit<Answer, 'code' | 'body'>> = {}): Answer {
  return { status: reasons[reason].http, code: reason, ...more };
}

/** The refusal of a request for itself. */
export function fault(
  status: number,
  code: Fault,
  more: Partial<Omit<Answer, 'code' | 'body'>> = {},
): Answer {
  return { status, code, ...more };
}

/** The body of a refusal: both spellings, as SDKs read the one or the other. It names no rule, Namespace or other Pod. */
export function refusalBody(code: Code, requestId: string): Buffer {
  const message = isFault(code) ? FAULT_MESSAGES[code] : reasons[code].meaning;
  return Buffer.from(JSON.stringify({ Code: code, code, Message: message, message, requestId }));
}

function isFault(code: Code): code is Fault {
  return Object.hasOwn(FAULT_MESSAGES, code);
}
