import type { Reason } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Session } from '../session/session.ts';
import type { SessionEntry, SessionStatus } from './session-entry.ts';

/** One claimed session for the status, without its credentials. */
export interface SessionSummary {
  readonly id: string;
  readonly session: Session;
  readonly status: SessionStatus;
  readonly nodes: readonly string[];
  /** Of the last attempt; undefined after a success. */
  readonly failure: { readonly reason: Reason; readonly message: string } | undefined;
  /** Of the credentials here, or of those that agents have cached. */
  readonly remainingMs: number | undefined;
  /** Until the next STS call; undefined if one is in progress or none will be made. */
  readonly nextInMs: number | undefined;
}

export interface KnownSession {
  readonly session: Session;
  readonly entry: SessionEntry;
}

export function summariesOf(known: ReadonlyMap<string, KnownSession>, clock: Clock): SessionSummary[] {
  return [...known].flatMap(([id, { session, entry }]) =>
    entry.claimed ? [summaryOf(id, session, entry, clock)] : [],
  );
}

/** The number of claimed sessions by status. */
export function countsOf(known: ReadonlyMap<string, KnownSession>): Record<SessionStatus, number> {
  const counts = { valid: 0, 'at-agents': 0, waiting: 0, failing: 0, unused: 0 };
  for (const { entry } of known.values()) if (entry.claimed) counts[entry.status] += 1;
  return counts;
}

/** When the first valid session expires, milliseconds since the epoch; undefined if there is none. */
export function firstEndMs(known: ReadonlyMap<string, KnownSession>): number | undefined {
  let firstMs = Infinity;
  for (const { entry } of known.values())
    if (entry.status === 'valid') firstMs = Math.min(firstMs, entry.credentials?.expiresAtMs ?? Infinity);
  return firstMs === Infinity ? undefined : firstMs;
}

function summaryOf(id: string, session: Session, entry: SessionEntry, clock: Clock): SessionSummary {
  const { status, nodes, fault } = entry;
  const { endsAtMs, nextAtMs } = entry.times();
  const untilMs = (atMs: number | undefined) =>
    atMs === undefined ? undefined : Math.max(0, Math.floor(atMs - clock.monotonic()));
  return {
    id,
    session,
    status,
    nodes,
    failure: fault && { reason: fault.reason, message: fault.message },
    remainingMs: untilMs(endsAtMs),
    nextInMs: untilMs(nextAtMs),
  };
}
