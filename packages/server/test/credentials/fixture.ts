import { createFakeClock } from '@rolegate/testing';
import { createMemory } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createSessions } from '../../src/credentials/sessions.ts';
import type { Issued, SessionsOptions } from '../../src/credentials/sessions.ts';
import { createStsBudget } from '../../src/credentials/budget/sts-budget.ts';
import type { StsBudgetOptions } from '../../src/credentials/budget/sts-budget.ts';
import type { MemoryKind } from '../../src/memory/memory.ts';
import { sessionId } from '../../src/session/session.ts';
import type { Session } from '../../src/session/session.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** An STS stand-in: each call waits until it is answered, unless `answer` is set. */
export function createSessionsFixture({
  random = spread(),
  budget = {},
  renewAt,
}: {
  random?: () => number;
  budget?: Partial<StsBudgetOptions>;
  renewAt?: SessionsOptions['renewAt'];
} = {}) {
  const clock = createFakeClock();
  const calls: IssueCall[] = [];
  const lines: Line[] = [];
  const outcomes: string[] = [];
  const changes: string[] = [];
  const sts: { answer: ((session: Session) => Issued) | undefined } = { answer: undefined };
  const stsBudget = createStsBudget({ ratePerSecond: 100, burst: 500, clock, ...budget });
  const memory = createMemory<MemoryKind>({ clock });
  let issuedKeys = 0;

  const give = ({ durationSeconds }: Session): Issued => ({
    accessKeyId: `ASIA${String((issuedKeys += 1))}`,
    secretAccessKey: 'very-secret',
    sessionToken: 'very-token',
    expiresAtMs: clock.now() + durationSeconds * 1000,
    lifetimeMs: durationSeconds * 1000,
  });

  const sessions = createSessions({
    issue: async (session) => {
      if (sts.answer !== undefined) {
        calls.push({ session, atMs: clock.monotonic(), give: ignore, fail: ignore });
        return sts.answer(session);
      }
      return new Promise((resolve, reject) => {
        calls.push({
          session,
          atMs: clock.monotonic(),
          give: () => {
            resolve(give(session));
          },
          fail: reject,
        });
      });
    },
    budget: stsBudget,
    clock,
    random,
    log: recordingLog(lines),
    metrics: { stsRequest: (outcome) => outcomes.push(outcome) },
    ...(renewAt && { renewAt }),
    memory,
  });
  sessions.onChange((id) => changes.push(id));
  return { sessions, clock, calls, lines, outcomes, changes, sts, give, budget: stsBudget, memory };
}

export interface IssueCall {
  readonly session: Session;
  /** On the monotonic clock. */
  readonly atMs: number;
  readonly give: () => void;
  readonly fail: (error: unknown) => void;
}

export function sessionOf(name: string, parts: Partial<Session> = {}): Session {
  return {
    roleArn: `arn:aws:iam::123456789012:role/${name}`,
    sessionName: `shop.${name}`,
    tags: [],
    durationSeconds: 3600,
    ...parts,
  };
}

export const idOf = (name: string): string => sessionId(sessionOf(name));

/** An error in the form of the SDK's. */
export function awsError(name: string, message = 'no', requestId = 'r-1'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400, requestId } });
}

/** Spread over [0, 1), the same in every run. */
function spread(): () => number {
  let n = 0;
  return () => (n += 0.618_033_988_75) % 1;
}

export function recordingLog(lines: Line[]): Log {
  const at =
    (level: string) =>
    (message: string, fields: object = {}) => {
      lines.push({ level, message, fields: { ...fields } });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function ignore(): void {
  // It has been answered.
}
