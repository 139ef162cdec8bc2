import type { Log } from '@rolegate/runtime';
import { nameOf } from './attest-ports.ts';
import type { AttestPort } from './attest-ports.ts';
import type { AttestationFailure } from './failure.ts';

const HINT = 'upgrade the servers, or let the nodes reach their attestation port';

/** Says which port gives certificates if it is not the one that counts first: once, until it is again. */
export function createPortsTold(log: Log) {
  let told: AttestPort['kind'] | undefined;
  return {
    /** `missed`: why the port that counts first gave none; undefined: it did. */
    issued(port: AttestPort, missed: AttestationFailure | undefined): void {
      const before = told;
      told = missed === undefined ? undefined : port.kind;
      if (missed === undefined || before === port.kind) return;
      const facts = { server: nameOf(port), error: missed.message };
      if (port.kind === 'attestation') log.info('certificate not renewed, issued for the token', facts);
      else log.info('attestation port closed, attested at the port of the feed', { ...facts, hint: HINT });
    },
  };
}
