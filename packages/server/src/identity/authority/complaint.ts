import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { AuthorityFault } from './authorities.ts';

const MESSAGES = {
  secret: { failed: 'authority Secret sync failed', recovered: 'authority Secret sync recovered' },
  bundle: { failed: 'authority bundle sync failed', recovered: 'authority bundle sync recovered' },
  certificate: {
    failed: 'server certificate renewal failed',
    recovered: 'server certificate renewal recovered',
  },
} as const;

export interface ComplaintDeps {
  readonly log: Log;
  /** Faults after it has aborted are not told. */
  readonly signal: AbortSignal;
  readonly of: keyof typeof MESSAGES;
  /** Where, for the log. */
  readonly fields?: object;
}

/** Does something again and again that may fail: each fault is told once, and its end. */
export function createComplaint({ log, signal, of, fields = {} }: ComplaintDeps) {
  const { failed, recovered } = MESSAGES[of];
  let fault: string | undefined;

  function tell(error: unknown, hint: string | undefined): void {
    if (signal.aborted) return;
    const described = describeError(error);
    const text = hint === undefined ? described : `${described}; ${hint}`;
    if (text === fault) return;
    fault = text;
    // Others' faults pass by themselves; these do not.
    log[error instanceof AuthorityFault ? 'error' : 'warn'](failed, {
      ...fields,
      error: described,
      ...(hint !== undefined && { hint }),
    });
  }

  return {
    /** The fault and its hint in one sentence; undefined: there is none. */
    current: () => fault,
    /** Never rejects. */
    async during(
      act: () => Promise<void>,
      hintOf: (error: unknown) => string | undefined = () => undefined,
    ): Promise<void> {
      try {
        await act();
        if (fault !== undefined) log.info(recovered, fields);
        fault = undefined;
      } catch (error) {
        tell(error, hintOf(error));
      }
    },
  };
}
