import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { AuthorityFault } from './authorities.ts';

export interface ComplaintDeps {
  readonly log: Log;
  /** Faults after it has aborted are not told. */
  readonly signal: AbortSignal;
  /** Begins the log lines. */
  readonly what: string;
  /** Where, for the log. */
  readonly fields?: object;
}

/** Does something again and again that may fail: each fault is told once, and its end. */
export function createComplaint({ log, signal, what, fields = {} }: ComplaintDeps) {
  let fault: string | undefined;

  function tell(error: unknown, hint: string | undefined): void {
    if (signal.aborted) return;
    const described = describeError(error);
    const text = hint === undefined ? described : `${described}; ${hint}`;
    if (text === fault) return;
    fault = text;
    // Others' faults pass by themselves; these do not.
    log[error instanceof AuthorityFault ? 'error' : 'warn'](`${what}: not as they should be`, {
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
        if (fault !== undefined) log.info(`${what}: in order again`, fields);
        fault = undefined;
      } catch (error) {
        tell(error, hintOf(error));
      }
    },
  };
}
