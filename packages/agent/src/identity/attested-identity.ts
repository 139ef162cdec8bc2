import { Metadata } from '@grpc/grpc-js';
import { createClientCredentials, watchAuthorities } from '@rolegate/protocol';
import type { Authorities, ClientTls } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { AttestedTls } from '../config/config.ts';
import type { FeedConnection } from '../feed/server-connections.ts';
import { attestOn, createAttestCall } from './attest-call.ts';
import { createAttestPorts } from './attest-ports.ts';
import type { AttestPortsDeps } from './attest-ports.ts';
import { createCertificateRequests } from './request-certificate.ts';
import type { OpenFeed } from './request-certificate.ts';
import type { Identity } from './identity.ts';
import { keptCertificate, usableCertificate } from './saved-certificate.ts';
import type { SavedCertificate } from './saved-certificate.ts';
import type { IssuedCertificate } from './issued-certificate.ts';
import { createOwnCertificate } from './own-certificate.ts';
import type { OwnCertificateDeps } from './own-certificate.ts';
import { readToken } from './token-file.ts';
import { holdsAll } from './trust.ts';

export interface AttestedIdentityDeps extends Pick<OwnCertificateDeps, 'attested' | 'renewed'> {
  readonly tls: AttestedTls;
  readonly nodeName: string;
  readonly serverName: string | undefined;
  /** Where servers issue certificates. */
  readonly ports: AttestPortsDeps;
  /** The connection of the current feed, if any: renewals are tried there first. */
  readonly feedConnection: () => FeedConnection | undefined;
  /** Limit for connecting. Milliseconds. */
  readonly connectWithinMs?: number;
  /** From a previous process. */
  readonly kept?: SavedCertificate | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** A certificate that servers issue for the agent Pod's token. Its key leaves the process only for `--state-dir`. */
export function createAttestedIdentity(deps: AttestedIdentityDeps, signal: AbortSignal): Identity {
  const { tls, nodeName, serverName, connectWithinMs, clock, log } = deps;
  const authorities = watchAuthorities({ file: tls.caFile, clock, log, signal });
  const credentials = {
    bare: createClientCredentials({ current: (): ClientTls => own.bare() }),
    shown: createClientCredentials({ current: (): ClientTls => own.current() }),
  };
  const attest = createCertificateRequests({
    openFeed: () => openFeedOf(deps.feedConnection(), authorities.current()),
    nextPorts: createAttestPorts(deps.ports),
    call: createAttestCall({ credentials, serverName, connectWithinMs }),
    certified: () => own.isValid(),
    readToken: () => readToken(tls.tokenFile),
    noAuthority: () => (authorities.current() === undefined ? authorities.fault() : undefined),
    nodeName,
    clock,
    log,
  });
  const kept = keptOf(deps, authorities.current());
  const own = createOwnCertificate({ ...deps, authorities, attest, kept });
  return {
    tls: own,
    callMetadata: () => new Metadata(),
    first: own.first,
    secondsLeft: own.secondsLeft,
    kept() {
      const issued = own.issued();
      return issued && keptCertificate(issued);
    },
    check: { name: 'certificate', informative: true, ready: own.state },
    services: [{ name: 'certificate', run: own.run }],
  };
}

/**
 * A server verified by an authority that is no longer trusted gets no token, and its answer, which contains authorities, is not
 * used.
 */
function openFeedOf(
  connection: FeedConnection | undefined,
  file: Authorities | undefined,
): OpenFeed | undefined {
  if (connection === undefined || !holdsAll(file, connection.ca)) return undefined;
  const { address, client } = connection;
  return {
    port: { kind: 'feed', address, shows: 'certificate' },
    attest: (request, signal) => attestOn(client, request, signal),
  };
}

/** While it is valid, no server needs to be asked. */
function keptOf(
  { kept, nodeName, clock, log }: AttestedIdentityDeps,
  authorities: Authorities | undefined,
): IssuedCertificate | undefined {
  if (kept === undefined) return undefined;
  const usable = usableCertificate(kept, { nodeName, authorities, nowMs: clock.now() });
  if ('issued' in usable) return usable.issued;
  log.info('saved certificate ignored', { error: usable.fault });
  return undefined;
}
