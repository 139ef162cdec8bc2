import { Metadata } from '@grpc/grpc-js';
import { createClientCredentials, watchAuthorities } from '@rolegate/protocol';
import type { ClientTls } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { AttestedTls } from '../config.ts';
import type { ServerAddresses } from '../feed/server-addresses.ts';
import { createAttestCall } from './attest-call.ts';
import { createAttestation } from './attestation.ts';
import type { Identity } from './identity.ts';
import { createOwnCertificate } from './own-certificate.ts';
import type { OwnCertificateDeps } from './own-certificate.ts';
import { readToken } from './token-file.ts';

export interface AttestedIdentityDeps extends Pick<OwnCertificateDeps, 'attested'> {
  readonly tls: AttestedTls;
  readonly nodeName: string;
  readonly serverName: string | undefined;
  readonly addresses: ServerAddresses;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** A certificate that the servers give for the Pod's token; its key never leaves the process. */
export function createAttestedIdentity(deps: AttestedIdentityDeps, signal: AbortSignal): Identity {
  const { tls, nodeName, serverName, addresses, clock, log } = deps;
  const authorities = watchAuthorities({ file: tls.caFile, clock, log, signal });
  const bare = (): ClientTls => own.bare();
  const attest = createAttestation({
    ...{ addresses, nodeName, clock },
    call: createAttestCall({ credentials: createClientCredentials({ current: bare }), serverName }),
    readToken: () => readToken(tls.tokenFile),
    noAuthority: () => (authorities.current() === undefined ? authorities.fault() : undefined),
  });
  const own = createOwnCertificate({ ...deps, authorities, attest });
  return {
    tls: own,
    callMetadata: () => new Metadata(),
    first: own.first,
    secondsLeft: own.secondsLeft,
    check: { name: 'certificate', informative: true, ready: own.state },
    services: [{ name: 'certificate', run: own.run }],
  };
}
