import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { createRolegateClient } from '@rolegate/protocol';
import type { AttestRequest, AttestResponseRead, RolegateClient } from '@rolegate/protocol';
import { isReady, whereIs } from '../feed/server-connections.ts';
import type { AttestPort } from './attest-ports.ts';
import { failureOf, noAnswerWithin } from './failure.ts';

/** A connection is there within this, its handshake included: no server gives a handshake longer. Milliseconds. */
const CONNECT_WITHIN_MS = 3_000;
/** A server answers within this, the API server's answer to it included. Milliseconds. */
const ATTEST_WITHIN_MS = 5_000;

export interface AttestCallDeps {
  /** Both verify the server; what is shown to it differs. */
  readonly credentials: {
    /** Shows nothing. */
    readonly bare: ChannelCredentials;
    /** Shows the certificate that there is. */
    readonly shown: ChannelCredentials;
  };
  readonly serverName: string | undefined;
  /** Milliseconds. */
  readonly connectWithinMs?: number | undefined;
}

/** Asks at one port of a server, on a connection of its own; rejects with an AttestationFailure. */
export type AttestCall = (
  port: AttestPort,
  request: AttestRequest,
  signal: AbortSignal,
) => Promise<AttestResponseRead>;

/** The call as gRPC makes it. */
export function createAttestCall(deps: AttestCallDeps): AttestCall {
  const { credentials, serverName, connectWithinMs = CONNECT_WITHIN_MS } = deps;
  return async ({ address, shows }, request, signal) => {
    const client = createRolegateClient({
      credentials: shows === 'certificate' ? credentials.shown : credentials.bare,
      ...whereIs(address, serverName),
    });
    const late = new AbortController();
    // The deadline of a call is one for the answer: grpc-js itself gives a connection 20 s. Not by waitForReady: a client that
    // is closed before it is ready connects again, and again, for nobody (grpc-js 1.14).
    const timer = setTimeout(() => {
      if (!isReady(client)) late.abort();
    }, connectWithinMs);
    try {
      return await attestOn(client, request, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      throw late.signal.aborted ? noAnswerWithin(connectWithinMs) : error;
    } finally {
      clearTimeout(timer);
      client.close();
    }
  };
}

/** Asks on a connection that is there, or is being made; rejects with an AttestationFailure. */
export async function attestOn(
  client: RolegateClient,
  request: AttestRequest,
  signal: AbortSignal,
): Promise<AttestResponseRead> {
  let cancel = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + ATTEST_WITHIN_MS };
      const call = client.attest(request, options, (error: ServiceError | null, response) => {
        if (response !== undefined) resolve(response);
        else reject(error === null ? new Error('no answer') : failureOf(error));
      });
      cancel = () => {
        call.cancel();
      };
      signal.addEventListener('abort', cancel);
      if (signal.aborted) cancel();
    });
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
