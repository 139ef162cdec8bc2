import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { AuthorityFault } from './authorities.ts';

/** The log messages of each task, and the hint for errors without one. */
const TASKS = {
  secret: {
    failed: 'authority Secret sync failed',
    recovered: 'authority Secret sync recovered',
    hint: 'Check that the server can reach the API server, and that its Role allows get and update of this Secret.',
  },
  bundle: {
    failed: 'authority bundle sync failed',
    recovered: 'authority bundle sync recovered',
    hint: 'Check that the server can reach the API server, and that its Role allows get and update of this ConfigMap.',
  },
  certificate: {
    failed: 'server certificate renewal failed',
    recovered: 'server certificate renewal recovered',
    hint: 'Check the authority with "rolegate-server authority status".',
  },
} as const;

export interface ComplaintDeps {
  readonly log: Log;
  /** Errors after it has aborted are not logged. */
  readonly signal: AbortSignal;
  readonly task: keyof typeof TASKS;
  /** Fields of each line. */
  readonly fields?: { readonly namespace?: string; readonly name?: string };
}

/** Repeats a task that may fail: logs each new error once, and the recovery. */
export function createComplaint({ log, signal, task, fields = {} }: ComplaintDeps) {
  const { failed, recovered, hint: defaultHint } = TASKS[task];
  let fault: string | undefined;

  function complain(error: unknown, hint: string | undefined): void {
    if (signal.aborted) return;
    const described = describeError(error);
    const text = hint === undefined ? described : `${described}. ${hint}`;
    if (text === fault) return;
    fault = text;
    // An AuthorityFault needs the operator; other errors pass by themselves.
    log[error instanceof AuthorityFault ? 'error' : 'warn'](failed, {
      ...fields,
      error: described,
      hint: hint ?? defaultHint,
    });
  }

  return {
    /** The last error and its hint in one sentence; undefined after a success. */
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
        complain(error, hintOf(error));
      }
    },
  };
}
