import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { createRolegateClient } from '@rolegate/protocol';
import type { AttestRequest, AttestResponseRead, RolegateClient } from '@rolegate/protocol';
import { isReady, whereIs } from '../feed/server-connections.ts';
import type { AttestPort } from './attest-ports.ts';
import { failureOf, noAnswerWithin } from './failure.ts';

/** Limit for connecting, including the handshake: no server allows a handshake more time. Milliseconds. */
const CONNECT_WITHIN_MS = 3_000;
/** Limit for the answer, including the server's call to the API server. Milliseconds. */
const ATTEST_WITHIN_MS = 5_000;

export interface AttestCallDeps {
  /** Both verify the server; they differ in the client certificate. */
  readonly credentials: {
    /** Without a client certificate. */
    readonly bare: ChannelCredentials;
    /** With the current certificate. */
    readonly shown: ChannelCredentials;
  };
  readonly serverName: string | undefined;
  /** Milliseconds. */
  readonly connectWithinMs?: number | undefined;
}

/** Calls one port of a server on a new connection. Rejects with an AttestationFailure. */
export type AttestCall = (
  port: AttestPort,
  request: AttestRequest,
  signal: AbortSignal,
) => Promise<AttestResponseRead>;

/** The gRPC implementation. */
export function createAttestCall(deps: AttestCallDeps): AttestCall {
  const { credentials, serverName, connectWithinMs = CONNECT_WITHIN_MS } = deps;
  return async ({ address, shows }, request, signal) => {
    const client = createRolegateClient({
      credentials: shows === 'certificate' ? credentials.shown : credentials.bare,
      ...whereIs(address, serverName),
    });
    const late = new AbortController();
    // A call's deadline covers only the answer: grpc-js gives a connection 20 s. waitForReady does not help: a client closed
    // before it is ready keeps reconnecting (grpc-js 1.14).
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

/** Calls on an existing or pending connection. Rejects with an AttestationFailure. */
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
