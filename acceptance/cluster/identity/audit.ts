import { eventually } from '@rolegate/testing';
import type { LogLine } from '../../processes/log-line.ts';

/** Time for a log line to arrive. Milliseconds. */
const WITHIN_MS = 5_000;

/** Checks that calls are refused and that a server logs a matching audit line. */
export function createAudit(log: readonly LogLine[]) {
  async function expectLine(matching: RegExp, from: number): Promise<void> {
    await eventually(
      () => {
        const lines = log.slice(from).filter(({ audit }) => audit === true);
        if (!lines.some(({ error }) => matching.test(String(error))))
          throw new Error(`no audit line matches ${String(matching)}: ${JSON.stringify(lines)}`);
      },
      { withinMs: WITHIN_MS, everyMs: 20 },
    );
  }

  return {
    /** The caller's error and an audit line must match. */
    async expectRefusal(attempt: () => Promise<unknown>, matching: RegExp): Promise<void> {
      const from = log.length;
      const outcome = await attempt().then(
        (result) => ({ result }),
        (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
      );
      if ('result' in outcome)
        throw new Error(`it was not refused: ${JSON.stringify(outcome.result).slice(0, 300)}`);
      if (!matching.test(outcome.error)) throw new Error(`unexpected error: ${outcome.error}`);
      await expectLine(matching, from);
    },
    expectLine,
  };
}

export type Audit = ReturnType<typeof createAudit>;
