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

/** Pauses after a failed attempt. */
const BACKOFF = { firstMs: 1_000, capMs: 30_000 };
/** For a missing local file, which is cheap to check. Milliseconds. */
const FILE_PAUSE_MS = 2_000;
const OF_NODE: ReadonlySet<FailureKind> = new Set(['no-token', 'no-authority']);
/** With a valid certificate attempts are spread, because all nodes see a change of authorities at the same time. */
const SPREAD_MS = 2_000;

export interface OwnCertificateDeps {
  readonly authorities: AuthoritiesSource;
  /** One attempt; rejects with an AttestationFailure. */
  readonly attest: (signal: AbortSignal) => Promise<Attested>;
  readonly attested: (outcome: 'issued' | FailureKind) => void;
  /** From a previous process, and still valid. */
  readonly kept?: IssuedCertificate | undefined;
  /** A new certificate was issued. */
  readonly renewed?: () => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The agent's certificate issued by the servers: the last valid one. */
export interface OwnCertificate {
  /** TLS for feeds. Throws before an authority is known. */
  readonly current: () => ClientTls;
  /** TLS before there is a certificate: verifies the server only. Throws before an authority is known. */
  readonly bare: () => ClientTls;
  /** Resolves when there is a certificate for the first time. */
  readonly first: Promise<unknown>;
  readonly issued: () => IssuedCertificate | undefined;
  /** There is one that has not expired. */
  readonly isValid: () => boolean;
  readonly secondsLeft: () => Readonly<Record<string, number>>;
  /** True while it is valid and no renewal fails; otherwise the problem. */
  readonly state: () => true | string;
  /** Never rejects: failures are retried. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Gets a certificate and renews it at half its lifetime. The current one is used until the new one is issued. */
export function createOwnCertificate(deps: OwnCertificateDeps): OwnCertificate {
  const { authorities, attest, clock, random } = deps;
  const certificate = createCurrentCertificate(deps);
  const attempts = createAttempts(deps, certificate);
  const first = Promise.withResolvers<undefined>();
  const alarm = createAlarm(clock);

  /** Retries until it succeeds. Returns the pause until the next renewal. */
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
    if (certificate.isOf(authorities.current())) alarm.stop(); // the change happened during the request
    attempts.succeeded(got);
    first.resolve(undefined);
    deps.renewed?.();
  }

  const restOf = (issued: IssuedCertificate) =>
    untilRenewal(issued, { nowMs: clock.now(), random: random() });

  authorities.onChange((file) => {
    certificate.trustAgain();
    // A server that does not know the agent's authority, like the file, would reject the agent.
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

/** Pauses that end early if the alarm rings, or rang since the last pause. */
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

/** Results of the certificate requests, for the log and metrics. */
function createAttempts(
  { attested, random, log }: OwnCertificateDeps,
  { issued, validity }: Pick<CurrentCertificate, 'issued' | 'validity'>,
) {
  const backoff = createBackoff({ ...BACKOFF, random });
  const failureLog = createFailureLog(log);
  let fault = issued() === undefined ? 'no server has been contacted yet' : '';
  return {
    /** Error of the last attempt; '' if it succeeded. */
    fault: () => fault,
    succeeded({ issued: { fingerprint, endsMs }, server }: Attested): void {
      fault = '';
      backoff.reset();
      failureLog.succeeded();
      attested('issued');
      log.info('certificate issued', { server, fingerprint, expires: isoOf(endsMs) });
    },
    /** Returns the pause until the next attempt. */
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
  if (validity === 'valid') return fault === '' || `valid, but not renewed: ${fault}`;
  return validity === 'none' ? `none yet: ${fault}` : `expired: ${fault}`;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
