import { eventually } from '@rolegate/testing';
import type { LogLine } from '../../processes/log-line.ts';

/** A line comes by a pipe. Milliseconds. */
const WITHIN_MS = 5_000;

/** Holds that something is refused, and that the servers have told it: with an audit line whose error matches. */
export function createAudit(log: readonly LogLine[]) {
  async function leaves(matching: RegExp, from: number): Promise<void> {
    await eventually(
      () => {
        const lines = log.slice(from).filter(({ audit }) => audit === true);
        if (!lines.some(({ error }) => matching.test(String(error))))
          throw new Error(`no audit line says ${String(matching)}, but: ${JSON.stringify(lines)}`);
      },
      { withinMs: WITHIN_MS, everyMs: 20 },
    );
  }

  return {
    /** `said`: what the caller is told; `line`: what is audited, the same unless told. */
    async refused(attempt: () => Promise<unknown>, said: RegExp, line: RegExp = said): Promise<void> {
      const from = log.length;
      const answer = await attempt().then(
        (given) => ({ given }),
        (error: unknown) => ({ fault: error instanceof Error ? error.message : String(error) }),
      );
      if ('given' in answer)
        throw new Error(`it was not refused: ${JSON.stringify(answer.given).slice(0, 300)}`);
      if (!said.test(answer.fault)) throw new Error(`it was refused otherwise: ${answer.fault}`);
      await leaves(line, from);
    },
    leaves,
  };
}

export type Audit = ReturnType<typeof createAudit>;
