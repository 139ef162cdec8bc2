import type { Log } from '@rolegate/runtime';
import type { AttestationFailure } from './failure.ts';
import { keyOf } from './failure.ts';

/** How it stands with the certificate that is there. */
export type Standing = 'none' | 'valid' | 'expired';

const CONSEQUENCES = {
  none: 'no Pod gets a role until there is one',
  valid: 'the one before is used on',
  expired: 'the one before has expired: no server lets us in',
} as const;

/** Says each failure once, until it is another one or means something else. */
export function createFailuresTold(log: Log) {
  let told = '';
  return {
    failed(
      failure: AttestationFailure,
      { standing, expires }: { standing: Standing; expires?: string },
    ): void {
      const key = `${standing} ${keyOf(failure)}`;
      if (key === told) return;
      told = key;
      log[standing === 'expired' ? 'error' : 'warn']('no certificate from a server', {
        ...(failure.reason && { reason: failure.reason }),
        error: failure.message,
        ...(failure.hint !== undefined && { hint: failure.hint }),
        consequence: CONSEQUENCES[standing],
        ...(expires !== undefined && { expires }),
      });
    },
    succeeded: (): void => {
      told = '';
    },
  };
}
