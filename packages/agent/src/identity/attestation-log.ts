import type { Log } from '@rolegate/runtime';
import { nameOf } from './attest-ports.ts';
import type { AttestPort } from './attest-ports.ts';
import type { Validity } from './current-certificate.ts';
import type { AttestationFailure } from './failure.ts';
import { keyOf } from './failure.ts';

const HINT = 'upgrade the servers, or let the nodes reach their attestation port';
const CONSEQUENCES = {
  none: 'no Pod gets a role until there is one',
  valid: 'the one before is used on',
  expired: 'the one before has expired: no server lets us in',
} as const;

/** Says each failure once, until it is another one or means something else. */
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
      log[validity === 'expired' ? 'error' : 'warn']('no certificate from a server', {
        ...(failure.reason && { reason: failure.reason }),
        error: failure.message,
        ...(failure.hint !== undefined && { hint: failure.hint }),
        consequence: CONSEQUENCES[validity],
        ...(expires !== undefined && { expires }),
      });
    },
    succeeded: (): void => {
      logged = '';
    },
  };
}

/** Says which port gives certificates if it is not the one that counts first: once, until it is again. */
export function createPortLog(log: Log) {
  let logged: AttestPort['kind'] | undefined;
  return {
    /** `missed`: why the port that counts first gave none; undefined: it did. */
    issued(port: AttestPort, missed: AttestationFailure | undefined): void {
      const before = logged;
      logged = missed === undefined ? undefined : port.kind;
      if (missed === undefined || before === port.kind) return;
      const facts = { server: nameOf(port), error: missed.message };
      if (port.kind === 'attestation') log.info('certificate not renewed, issued for the token', facts);
      else log.info('attestation port closed, attested at the port of the feed', { ...facts, hint: HINT });
    },
  };
}
