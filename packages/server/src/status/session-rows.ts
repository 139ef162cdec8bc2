import type { SessionStatus, SessionSummary } from '../credentials/sessions.ts';

/** A session in the status, without its credentials. */
export interface SessionRow {
  readonly role: string;
  readonly sessionName: string;
  readonly state: SessionStatus;
  /** Of the last attempt. */
  readonly reason: string | undefined;
  readonly error: string | undefined;
  readonly nodes: readonly string[];
  readonly remainingSeconds: number | undefined;
  /** Until the next STS call; undefined if one is in progress or none is planned. */
  readonly nextInSeconds: number | undefined;
}

/** The total of the sessions with one state. */
export interface StateSum {
  readonly count: number;
  /** Until the next STS call for one of them. */
  readonly nextInSeconds: number | undefined;
  /** The number of failed sessions by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

export function sessionRow({ session, status, failure, nodes, ...times }: SessionSummary): SessionRow {
  return {
    role: session.roleArn,
    sessionName: session.sessionName,
    state: status,
    reason: failure?.reason,
    error: failure?.message,
    nodes,
    remainingSeconds: inSeconds(times.remainingMs),
    nextInSeconds: inSeconds(times.nextInMs),
  };
}

export function sumByState(summaries: readonly SessionSummary[]): Readonly<Record<string, StateSum>> {
  const byState = Map.groupBy(summaries, ({ status }) => status);
  return Object.fromEntries([...byState].map(([state, all]) => [state, sumOf(all)]));
}

function sumOf(summaries: readonly SessionSummary[]): StateSum {
  const next = summaries.flatMap(({ nextInMs }) => nextInMs ?? []);
  const reasons = Map.groupBy(
    summaries.flatMap(({ failure }) => failure?.reason ?? []),
    (reason) => reason,
  );
  return {
    count: summaries.length,
    // Not a spread: there may be more sessions than a call can have arguments.
    nextInSeconds: next.length === 0 ? undefined : inSeconds(next.reduce((a, b) => Math.min(a, b))),
    reasons: Object.fromEntries([...reasons].map(([reason, all]) => [reason, all.length])),
  };
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000);
}
