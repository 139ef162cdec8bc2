import { describeError } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { AttestResponseRead } from '@rolegate/protocol';
import type { ServerAddress, ServerAddresses } from '../feed/server-addresses.ts';
import type { AttestCall } from './attest-call.ts';
import { AttestationFailure } from './failure.ts';
import type { IssuedCertificate } from './issued.ts';
import { issuedOf } from './issued.ts';
import { TokenFault } from './token-file.ts';

/** A replica or two may be away without a word of it. */
const ADDRESSES_AN_ATTEMPT = 3;

export interface AttestationDeps {
  readonly addresses: ServerAddresses;
  readonly call: AttestCall;
  /** The token as it is now; throws a TokenFault. */
  readonly readToken: () => string;
  /** Why no server could be verified; undefined: one can. */
  readonly noAuthority: () => string | undefined;
  readonly nodeName: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** A certificate, and the address of the server that made it. */
export interface Attested {
  readonly issued: IssuedCertificate;
  readonly server: string;
}

/** One attempt to get a certificate, with a new key; rejects with an AttestationFailure. */
export function createAttestation(deps: AttestationDeps): (signal: AbortSignal) => Promise<Attested> {
  const { readToken, noAuthority, nodeName, clock } = deps;
  return async (signal) => {
    const fault = noAuthority();
    if (fault !== undefined) throw new AttestationFailure('no-authority', { message: fault });
    const token = tokenOf(readToken);
    // Loaded here: the library is not needed again for half an hour, and not at all with a certificate of one's own.
    const { createCertificateRequest } = await import('./certificate-request.ts');
    const { key, der } = await createCertificateRequest();
    const { response, server } = await askAny(deps, { token, certificateRequest: der }, signal);
    const issued = issuedOf(response, { key, nodeName, nowMs: clock.now() });
    return { issued, server };
  };
}

/** The first server that answers decides, even where it refuses. */
async function askAny(
  { addresses, call }: AttestationDeps,
  request: { token: string; certificateRequest: Buffer },
  signal: AbortSignal,
): Promise<{ response: AttestResponseRead; server: string }> {
  const faults = new Map<string, AttestationFailure>();
  while (faults.size < ADDRESSES_AN_ATTEMPT) {
    const address = await nextOf(addresses);
    const server = `${address.host}:${address.port}`;
    if (faults.has(server)) break; // there are no more
    try {
      return { response: await call(address, request, signal), server };
    } catch (error) {
      const isAway = error instanceof AttestationFailure && error.kind === 'unavailable';
      if (!isAway || signal.aborted) throw error;
      faults.set(server, error);
    }
  }
  throw together(faults);
}

function together(faults: ReadonlyMap<string, AttestationFailure>): AttestationFailure {
  const reason = [...faults.values()].find((fault) => fault.reason)?.reason ?? 'ServerUnavailable';
  const message = [...faults]
    .map(([server, fault]) => `${server}: ${fault.message}`)
    .sort()
    .join('; ');
  return new AttestationFailure('unavailable', { message, reason });
}

async function nextOf(addresses: ServerAddresses): Promise<ServerAddress> {
  try {
    return await addresses.next();
  } catch (error) {
    const message = describeError(error);
    throw new AttestationFailure('unavailable', { message, reason: 'ServerUnavailable' });
  }
}

function tokenOf(readToken: () => string): string {
  try {
    return readToken();
  } catch (error) {
    if (!(error instanceof TokenFault)) throw error;
    throw new AttestationFailure('no-token', { message: error.message });
  }
}
