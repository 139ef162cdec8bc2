import type { Reason } from '@rolegate/protocol';
import { describeHandshakeError, isReason } from '@rolegate/protocol';
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';

/** Why there is no certificate; values of the metric's label. */
export type FailureKind = 'no-token' | 'no-authority' | 'unavailable' | 'refused' | 'unusable';

/**
 * How far a call got. `none`: nothing listens at the port, or nothing answers. `broken`: the connection failed or was closed.
 * `answered`: a server gave the reason.
 */
export type Contact = 'none' | 'broken' | 'answered';

interface FailureFacts {
  readonly message: string;
  /** Undefined: the cause is on the node. */
  readonly reason?: Reason;
  /** What an operator can do. */
  readonly hint?: string | undefined;
  readonly contact?: Contact;
}

/** A failed attestation. */
export class AttestationFailure extends Error {
  override readonly name = 'AttestationFailure';
  readonly kind: FailureKind;
  readonly reason: Reason | undefined;
  readonly hint: string | undefined;
  readonly contact: Contact;

  constructor(kind: FailureKind, { message, reason, hint, contact = 'answered' }: FailureFacts) {
    super(message);
    this.kind = kind;
    this.reason = reason;
    this.hint = hint;
    this.contact = contact;
  }
}

const { PERMISSION_DENIED, UNAUTHENTICATED, INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED } = status;
const { NOT_FOUND, UNAVAILABLE, DEADLINE_EXCEEDED } = status;
/** The server examined the request and refused it. */
const REFUSALS = new Set<number>([
  PERMISSION_DENIED,
  UNAUTHENTICATED,
  INVALID_ARGUMENT,
  FAILED_PRECONDITION,
  NOT_FOUND,
]);
/** Errors of a closed port. A reset is not one: a busy server sends these. */
const CLOSED = /ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/;
/** TLS 1.3, alert certificate_required: no client certificate was sent (RFC 8446, 6.2). */
const CERTIFICATE_REQUIRED = /alert (?:number 116|certificate required)/i;

/** Translates a call's error: refused by a server, or no server available. */
export function failureOf(error: ServiceError): AttestationFailure {
  if (error.code === UNIMPLEMENTED) {
    const message =
      'the server issues no certificates: give the agent --cert and --key, or remove them from the server';
    return new AttestationFailure('refused', { message, reason: 'ServerUnavailable' });
  }
  const kind = REFUSALS.has(error.code) ? 'refused' : 'unavailable';
  const [word = '', ...rest] = error.details.split(': ');
  if (isReason(word)) return new AttestationFailure(kind, { message: rest.join(': '), reason: word });
  if (kind === 'refused')
    return new AttestationFailure(kind, { message: error.details, reason: 'ForeignNode' });
  return new AttestationFailure(kind, {
    message: CERTIFICATE_REQUIRED.test(error.details)
      ? 'the port accepts only agents that already have a certificate'
      : describeHandshakeError(error),
    reason: 'ServerUnavailable',
    contact: contactOf(error),
  });
}

function contactOf({ code, details }: ServiceError): Contact {
  if (code === DEADLINE_EXCEEDED || CLOSED.test(details)) return 'none';
  return code === UNAVAILABLE ? 'broken' : 'answered';
}

/** The connection failed by timeout. */
export function noAnswerWithin(ms: number): AttestationFailure {
  const message = `no answer within ${ms / 1000} s`;
  return new AttestationFailure('unavailable', { message, reason: 'ServerUnavailable', contact: 'none' });
}

/** The same failure at another address or time has the same key. */
export function keyOf({ kind, message }: AttestationFailure): string {
  return `${kind} ${message.replaceAll(/[[\]0-9a-f:.]*\d[[\]0-9a-f:.]*/gi, '')}`;
}
