import type { Authorities, AuthoritiesSource, ClientTls } from '@rolegate/protocol';
import { createBackoff, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Attested } from './attestation.ts';
import { AttestationFailure } from './failure.ts';
import type { FailureKind } from './failure.ts';
import { createFailuresTold } from './failure-log.ts';
import type { Standing } from './failure-log.ts';
import { isIssuedBy } from './issued.ts';
import type { IssuedCertificate } from './issued.ts';
import { untilRenewal } from './renewal.ts';
import { authoritiesIn, trustIn } from './trust.ts';
import type { Trust } from './trust.ts';

/** Pauses after an attempt that failed. */
const BACKOFF = { firstMs: 1_000, capMs: 30_000 };
/** What is missing is a file of the node: to look again costs nobody anything. Milliseconds. */
const FILE_PAUSE_MS = 2_000;
const OF_NODE: ReadonlySet<FailureKind> = new Set(['no-token', 'no-authority']);
/** With a valid certificate there is time: all nodes see a change of authorities together. */
const SPREAD_MS = 2_000;

export interface OwnCertificateDeps {
  readonly authorities: AuthoritiesSource;
  /** One attempt; rejects with an AttestationFailure. */
  readonly attest: (signal: AbortSignal) => Promise<Attested>;
  readonly attested: (outcome: 'issued' | FailureKind) => void;
  /** Of the process before this one, still good. */
  readonly kept?: IssuedCertificate | undefined;
  /** There is a new certificate. */
  readonly renewed?: () => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The agent's certificate, which it gets from the servers: the last one that was good. */
export interface OwnCertificate {
  /** What a feed shows and trusts. Throws before there is an authority. */
  readonly current: () => ClientTls;
  /** What a server is verified by before we have anything to show. Throws before there is an authority. */
  readonly bare: () => ClientTls;
  /** Resolves when there is a certificate for the first time. */
  readonly first: Promise<unknown>;
  readonly issued: () => IssuedCertificate | undefined;
  /** There is one, and it has not expired. */
  readonly isValid: () => boolean;
  readonly secondsLeft: () => Readonly<Record<string, number>>;
  /** True while it is valid and no renewal fails; else what it waits for. */
  readonly state: () => true | string;
  /** Never rejects: what fails is tried again. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Gets a certificate and renews it at half its life, the one before being used meanwhile. */
export function createOwnCertificate(deps: OwnCertificateDeps): OwnCertificate {
  const { authorities, attest, attested, clock, log, random } = deps;
  const backoff = createBackoff({ ...BACKOFF, random });
  const told = createFailuresTold(log);
  const first = Promise.withResolvers<undefined>();
  let issued = deps.kept;
  let trust: Trust | undefined;
  let fault = issued === undefined ? 'no server has been asked yet' : '';
  let wake = new AbortController();
  let woken = false;

  function retrust(): void {
    const file = authorities.current();
    if (file) trust = trustIn(file, issued);
  }

  function standing(): Standing {
    if (issued === undefined) return 'none';
    return issued.endsMs > clock.now() ? 'valid' : 'expired';
  }

  function adopt({ issued: next, server }: Attested): void {
    issued = next;
    fault = '';
    retrust();
    if (holdsIssuer(authorities.current(), next)) woken = false; // a change while we asked
    backoff.reset();
    told.succeeded();
    attested('issued');
    log.info('certificate issued', { server, fingerprint: next.fingerprint, expires: isoOf(next.endsMs) });
    first.resolve(undefined);
    deps.renewed?.();
  }

  /** The pause until the next attempt. */
  function miss(error: unknown): number {
    const failure =
      error instanceof AttestationFailure
        ? error
        : new AttestationFailure('unusable', { message: describeError(error) });
    fault = failure.message;
    attested(failure.kind);
    told.failed(failure, { standing: standing(), ...(issued && { expires: isoOf(issued.endsMs) }) });
    return OF_NODE.has(failure.kind) ? FILE_PAUSE_MS : backoff.next();
  }

  /** Tries until it succeeds; the pause until the next renewal. */
  async function renew(signal: AbortSignal): Promise<number> {
    const stopped = () => signal.aborted;
    if (standing() === 'valid') await clock.sleep(random() * SPREAD_MS, signal);
    while (!stopped()) {
      try {
        const got = await attest(signal);
        adopt(got);
        return restOf(got.issued);
      } catch (error) {
        if (!stopped()) await pause(miss(error), signal);
      }
    }
    return 0;
  }

  function restOf(certificate: IssuedCertificate): number {
    return untilRenewal(certificate, { nowMs: clock.now(), random: random() });
  }

  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    wake = new AbortController();
    if (!woken) await clock.sleep(ms, AbortSignal.any([signal, wake.signal]));
    woken = false;
  }

  authorities.onChange((file) => {
    retrust();
    // A server that knows as little of our authority as the file does would not let us in.
    woken = !holdsIssuer(file, issued);
    if (woken) wake.abort();
  });
  retrust();
  if (issued !== undefined) first.resolve(undefined);

  return {
    current: () => trusted(trust).shown,
    bare: () => trusted(trust).bare,
    first: first.promise,
    issued: () => issued,
    isValid: () => standing() === 'valid',
    secondsLeft: () => ({
      ...(issued && { certificate: (issued.endsMs - clock.now()) / 1000 }),
      ...(trust && { ca: (trust.caEndsMs - clock.now()) / 1000 }),
    }),
    state: () => stateOf({ standing: standing(), fault }),
    async run(signal) {
      if (issued !== undefined) await pause(restOf(issued), signal);
      while (!signal.aborted) await pause(await renew(signal), signal);
    },
  };
}

function stateOf({ standing, fault }: { standing: Standing; fault: string }): true | string {
  if (standing === 'valid') return fault === '' || `it is valid, its renewal waits: ${fault}`;
  return standing === 'none' ? `there is none yet: ${fault}` : `it has expired: ${fault}`;
}

function holdsIssuer(file: Authorities | undefined, issued: IssuedCertificate | undefined): boolean {
  return file !== undefined && issued !== undefined && isIssuedBy(issued.chain, authoritiesIn(file));
}

function trusted(trust: Trust | undefined): Trust {
  if (trust === undefined) throw new Error('there is no authority to trust yet');
  return trust;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
