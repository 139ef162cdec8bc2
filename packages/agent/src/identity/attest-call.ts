import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { createRolegateClient } from '@rolegate/protocol';
import type { AttestRequest, AttestResponseRead } from '@rolegate/protocol';
import type { ServerAddress } from '../feed/server-addresses.ts';
import { whereIs } from '../feed/server-connections.ts';
import { failureOf } from './failure.ts';

/** A server answers within this, the API server's answer to it included. Milliseconds. */
const ATTEST_WITHIN_MS = 5_000;

export interface AttestCallDeps {
  /** They verify the server; nothing is shown to it. */
  readonly credentials: ChannelCredentials;
  readonly serverName: string | undefined;
}

/** Asks one server, on a connection of its own; rejects with an AttestationFailure. */
export type AttestCall = (
  address: ServerAddress,
  request: AttestRequest,
  signal: AbortSignal,
) => Promise<AttestResponseRead>;

/** The call as gRPC makes it. */
export function createAttestCall({ credentials, serverName }: AttestCallDeps): AttestCall {
  return async (address, request, signal) => {
    const client = createRolegateClient({ credentials, ...whereIs(address, serverName) });
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
      });
    } finally {
      signal.removeEventListener('abort', cancel);
      client.close();
    }
  };
}
