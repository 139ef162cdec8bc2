import type { AuthoritiesSource, ClientTls } from '@rolegate/protocol';
import { createBackoff, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Attested } from './request-certificate.ts';
import { createFailureLog } from './attestation-log.ts';
import { createCurrentCertificate } from './current-certificate.ts';
import type { CurrentCertificate, Validity } from './current-certificate.ts';
import { AttestationFailure } from './failure.ts';
import type { FailureKind } from './failure.ts';
import type { IssuedCertificate } from './issued-certificate.ts';
import { untilRenewal } from './renewal.ts';

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
  const { authorities, attest, clock, random } = deps;
  const certificate = createCurrentCertificate(deps);
  const attempts = createAttempts(deps, certificate);
  const first = Promise.withResolvers<undefined>();
  const alarm = createAlarm(clock);

  /** Tries until it succeeds; the pause until the next renewal. */
  async function renew(signal: AbortSignal): Promise<number> {
    const stopped = () => signal.aborted;
    if (certificate.validity() === 'valid') await clock.sleep(random() * SPREAD_MS, signal);
    while (!stopped()) {
      try {
        const got = await attest(signal);
        adopt(got);
        return restOf(got.issued);
      } catch (error) {
        if (!stopped()) await alarm.pause(attempts.failed(error), signal);
      }
    }
    return 0;
  }

  function adopt(got: Attested): void {
    certificate.adopt(got.issued);
    if (certificate.isOf(authorities.current())) alarm.stop(); // a change while we asked
    attempts.succeeded(got);
    first.resolve(undefined);
    deps.renewed?.();
  }

  const restOf = (issued: IssuedCertificate) =>
    untilRenewal(issued, { nowMs: clock.now(), random: random() });

  authorities.onChange((file) => {
    certificate.trustAgain();
    // A server that knows as little of our authority as the file does would not let us in.
    if (certificate.isOf(file)) alarm.stop();
    else alarm.ring();
  });
  if (certificate.issued() !== undefined) first.resolve(undefined);

  return {
    current: certificate.current,
    bare: certificate.bare,
    first: first.promise,
    issued: certificate.issued,
    isValid: () => certificate.validity() === 'valid',
    secondsLeft: certificate.secondsLeft,
    state: () => stateOf(certificate.validity(), attempts.fault()),
    async run(signal) {
      const issued = certificate.issued();
      if (issued !== undefined) await alarm.pause(restOf(issued), signal);
      while (!signal.aborted) await alarm.pause(await renew(signal), signal);
    },
  };
}

/** Pauses that end early when the alarm rings, or has rung since the last one. */
function createAlarm(clock: Pick<Clock, 'sleep'>) {
  let wake = new AbortController();
  let rings = false;
  return {
    async pause(ms: number, signal: AbortSignal): Promise<void> {
      wake = new AbortController();
      if (!rings) await clock.sleep(ms, AbortSignal.any([signal, wake.signal]));
      rings = false;
    },
    ring(): void {
      rings = true;
      wake.abort();
    },
    stop(): void {
      rings = false;
    },
  };
}

/** What came of the attempts to get a certificate, for the log and metrics. */
function createAttempts(
  { attested, random, log }: OwnCertificateDeps,
  { issued, validity }: Pick<CurrentCertificate, 'issued' | 'validity'>,
) {
  const backoff = createBackoff({ ...BACKOFF, random });
  const failureLog = createFailureLog(log);
  let fault = issued() === undefined ? 'no server has been asked yet' : '';
  return {
    /** Of the last attempt; '' if it succeeded. */
    fault: () => fault,
    succeeded({ issued: { fingerprint, endsMs }, server }: Attested): void {
      fault = '';
      backoff.reset();
      failureLog.succeeded();
      attested('issued');
      log.info('certificate issued', { server, fingerprint, expires: isoOf(endsMs) });
    },
    /** The pause until the next attempt. */
    failed(error: unknown): number {
      const failure = failureOf(error);
      fault = failure.message;
      attested(failure.kind);
      const before = issued();
      failureLog.failed(failure, {
        validity: validity(),
        ...(before && { expires: isoOf(before.endsMs) }),
      });
      return OF_NODE.has(failure.kind) ? FILE_PAUSE_MS : backoff.next();
    },
  };
}

function failureOf(error: unknown): AttestationFailure {
  return error instanceof AttestationFailure
    ? error
    : new AttestationFailure('unusable', { message: describeError(error) });
}

function stateOf(validity: Validity, fault: string): true | string {
  if (validity === 'valid') return fault === '' || `it is valid, its renewal waits: ${fault}`;
  return validity === 'none' ? `there is none yet: ${fault}` : `it has expired: ${fault}`;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
