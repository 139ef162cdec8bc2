import type { Log } from '@rolegate/runtime';
import { nameOf } from './attest-ports.ts';
import type { AttestPort } from './attest-ports.ts';
import type { Validity } from './current-certificate.ts';
import type { AttestationFailure } from './failure.ts';
import { keyOf } from './failure.ts';

const HINT = 'Upgrade the servers, or let the nodes reach their attestation port.';
/** For a failure that has no hint of its own. */
const CHECK_SERVERS = "Follow the error. If it names a server, see that server's log.";
const CONSEQUENCES = {
  none: 'Pods get no roles until a certificate is issued',
  valid: 'the current certificate stays in use',
  expired: 'the current certificate has expired, so no server accepts the agent',
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
      log[validity === 'expired' ? 'error' : 'warn']('certificate request failed', {
        ...(failure.reason && { reason: failure.reason }),
        error: failure.message,
        hint: failure.hint ?? CHECK_SERVERS,
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
      if (port.kind === 'attestation') log.info('renewal failed; certificate issued by attestation', facts);
      else log.info('attestation port unreachable; used the feed port', { ...facts, hint: HINT });
    },
  };
}
