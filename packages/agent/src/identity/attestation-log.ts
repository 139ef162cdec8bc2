import type { Log } from '@rolegate/runtime';
import { nameOf } from './attest-ports.ts';
import type { AttestPort } from './attest-ports.ts';
import type { Validity } from './current-certificate.ts';
import type { AttestationFailure } from './failure.ts';
import { keyOf } from './failure.ts';

const HINT =
  'Expected with servers of version 0.1, which have no attestation port. Otherwise let the nodes reach the port of --attest-address, by default 9611.';
/** For failures without a specific hint. */
const CHECK_SERVERS = "Fix what `error` names. If it names a server, check that server's log.";
const CONSEQUENCES = {
  none: 'Pods get no credentials until a certificate is issued.',
  valid: 'The current certificate stays in use.',
  expired: 'The current certificate has expired, so no server accepts the agent.',
} as const;

/** Logs each failure once, until it or its consequence changes. */
export function createFailureLog(log: Log) {
  let logged = '';
  return {
    failed(
      failure: AttestationFailure,
      { validity, expires }: { validity: Validity; expires?: string },
    ): void {
      const key = `${validity} ${keyOf(failure)}`;
      if (key === logged) return;
      logged = key;
      log[validity === 'expired' ? 'error' : 'warn']('certificate request failed', {
        ...(failure.reason && { reason: failure.reason }),
        error: failure.message,
        hint: `${CONSEQUENCES[validity]} ${failure.hint ?? CHECK_SERVERS}`,
        ...(expires !== undefined && { expires }),
      });
    },
    succeeded: (): void => {
      logged = '';
    },
  };
}

/** Logs which port issues certificates if it is not the preferred one: once, until the preferred one does again. */
export function createPortLog(log: Log) {
  let logged: AttestPort['kind'] | undefined;
  return {
    /** `missed`: why the preferred port issued none; undefined: it did. */
    issued(port: AttestPort, missed: AttestationFailure | undefined): void {
      const before = logged;
      logged = missed === undefined ? undefined : port.kind;
      if (missed === undefined || before === port.kind) return;
      const facts = { server: nameOf(port), error: missed.message };
      if (port.kind === 'attestation') log.info('renewal failed; certificate issued by attestation', facts);
      else log.info('attestation port unreachable; used the feed port', { ...facts, hint: HINT });
    },
  };
}
