import type { Reason } from '@rolegate/protocol';
import { describeHandshakeError, isReason } from '@rolegate/protocol';
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';

/** Why there is no certificate; the words of the metric. */
export type FailureKind = 'no-token' | 'no-authority' | 'unavailable' | 'refused' | 'unusable';

/** An attestation that came to nothing. */
export class AttestationFailure extends Error {
  override readonly name = 'AttestationFailure';
  readonly kind: FailureKind;
  /** Undefined: it is the node's own affair. */
  readonly reason: Reason | undefined;

  constructor(kind: FailureKind, { message, reason }: { message: string; reason?: Reason }) {
    super(message);
    this.kind = kind;
    this.reason = reason;
  }
}

const { PERMISSION_DENIED, UNAUTHENTICATED, INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED } = status;
const { NOT_FOUND } = status;
/** The server has looked at what we said, and does not take it. */
const REFUSALS = new Set<number>([
  ...[PERMISSION_DENIED, UNAUTHENTICATED, INVALID_ARGUMENT, FAILED_PRECONDITION, NOT_FOUND],
]);

/** What a call's error means: a server that refuses, or none that could say. */
export function failureOf(error: ServiceError): AttestationFailure {
  if (error.code === UNIMPLEMENTED) {
    const message = 'the server gives no certificates: give the agent --cert and --key, or the server none';
    return new AttestationFailure('refused', { message, reason: 'ServerUnavailable' });
  }
  const kind = REFUSALS.has(error.code) ? 'refused' : 'unavailable';
  const [word = '', ...rest] = error.details.split(': ');
  if (isReason(word)) return new AttestationFailure(kind, { message: rest.join(': '), reason: word });
  return kind === 'refused'
    ? new AttestationFailure(kind, { message: error.details, reason: 'ForeignNode' })
    : new AttestationFailure(kind, { message: describeHandshakeError(error), reason: 'ServerUnavailable' });
}

/** The same failure at another address, or at another time, has the same key. */
export function keyOf({ kind, message }: AttestationFailure): string {
  return `${kind} ${message.replaceAll(/[[\]0-9a-f:.]*\d[[\]0-9a-f:.]*/gi, '')}`;
}
