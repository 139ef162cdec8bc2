import { familyOf, rowKey } from './kernel-queues.ts';
import type { Ends, SendQueues, TcpFamily } from './kernel-queues.ts';
import type { Leftovers } from './leftovers.ts';
import type { Sender, Senders, UnreadLimits } from './senders.ts';

/** Time until the next look if a client is near its limit. Milliseconds. */
export const SOON_MS = 50;
/** The same for a single connection above its own limit. Milliseconds. */
const LATER_MS = 250;
/**
 * Longest pause after looks that found almost nothing read, because what is left behind cannot be reset. Milliseconds.
 */
const FRUITLESS_MS = 1_000;
/**
 * Share of time for looks if a client is near its limit, and for single connections, nearly all of which have read
 * everything. The next look comes however long the last one took, because the machine may have been suspended.
 * Milliseconds.
 */
const LOOK_SHARE = 0.25;
const LATER_SHARE = 0.02;
const LONGEST_PAUSE_MS = 5_000;

export interface LookScheduleDeps {
  /** Must not reject. */
  readonly look: () => Promise<void>;
  /** How many bytes may be unread. */
  readonly total: () => number;
  /** Called after a look. */
  readonly ended: () => void;
  readonly schedule: (delayMs: number, call: () => void) => unknown;
  readonly now: () => number;
}

/**
 * Schedules looks: one at a time, with a pause after each. The returned function requests a look within a time.
 * Milliseconds.
 */
export function createLookSchedule({ look, total, ended, schedule, now }: LookScheduleDeps) {
  let looking = false;
  let lookAtMs = Infinity;
  let pauseMs = 0;
  let endedMs = -Infinity;

  async function run(): Promise<void> {
    const startMs = now();
    const before = total();
    looking = true;
    await look();
    looking = false;
    lookAtMs = Infinity;
    endedMs = now();
    const fruitless = total() > before / 2;
    pauseMs = Math.max(
      pauseAfter(endedMs - startMs, LOOK_SHARE),
      fruitless ? Math.min(FRUITLESS_MS, 2 * Math.max(SOON_MS, pauseMs)) : 0,
    );
    ended();
  }

  return function lookWithin(delayMs: number): void {
    if (looking) return;
    const atMs = Math.max(now(), endedMs + Math.max(delayMs, pauseMs));
    if (atMs >= lookAtMs) return;
    lookAtMs = atMs;
    schedule(Math.max(0, atMs - now()), () => {
      if (!looking && lookAtMs === atMs) void run();
    });
  };
}

/** When to look again for single connections after a look that took `lookMs`. Milliseconds. */
export function laterAfter(lookMs: number): number {
  return Math.max(LATER_MS, pauseAfter(lookMs, LATER_SHARE));
}

/** Pause before the next look if looks may take this share of the time. Milliseconds. */
function pauseAfter(lookMs: number, share: number): number {
  return Math.min(LONGEST_PAUSE_MS, lookMs / share);
}

export interface SettlementDeps<Occupant extends Sender<Occupant>> {
  readonly limits: Pick<UnreadLimits, 'perConnection'>;
  readonly senders: Senders<Occupant>;
  readonly leftovers: Leftovers;
  readonly readQueues: (family: TcpFamily) => Promise<SendQueues>;
  /** The client does not read. Reset the connection with everything unread. */
  readonly reset: (connection: Occupant) => void;
}

/** Replaces written byte counts by what the send queues show. The returned function rejects if they cannot be read. */
export function createSettlement<Occupant extends Sender<Occupant>>(deps: SettlementDeps<Occupant>) {
  const { limits, senders, leftovers, readQueues, reset } = deps;

  /** `lastBytes`: the size of its last answer when the look began. */
  function settle(connection: Occupant, queued: number, lastBytes: number): void {
    if (!senders.all.has(connection)) return; // closed during the look
    const { sinceLook, unread } = connection;
    senders.count(connection, queued + sinceLook - unread);
    // A client that sent another request has read all but the last answer, which may have been written during the look.
    if (queued <= Math.max(limits.perConnection, lastBytes + sinceLook)) return;
    senders.count(connection, -connection.unread);
    reset(connection);
  }

  /** `count`: how many of the oldest leftovers to settle. */
  return async function settleAll(connections: readonly Occupant[], count: number): Promise<void> {
    const lastBytes = connections.map((connection) => connection.lastBytes);
    for (const connection of connections) connection.sinceLook = 0;
    const queued = await readQueued([...connections, ...leftovers.oldest(count)], readQueues);
    for (const [at, connection] of connections.entries())
      settle(connection, queued(connection.ends), lastBytes[at] ?? 0);
    for (const { client, ends } of leftovers.take(count))
      leftovers.remember({ client, ends, unread: queued(ends) });
  };
}

/** How much is in each connection's send queue, by the tables that these connections are in. */
async function readQueued(
  connections: readonly { readonly ends: Ends }[],
  readQueues: SettlementDeps<never>['readQueues'],
): Promise<(ends: Ends) => number> {
  const families = new Set(connections.map(({ ends }) => familyOf(ends)));
  const ipv4 = families.has('ipv4') ? await readQueues('ipv4') : undefined;
  const ipv6 = families.has('ipv6') ? await readQueues('ipv6') : undefined;
  return (ends) => (familyOf(ends) === 'ipv4' ? ipv4 : ipv6)?.get(rowKey(ends)) ?? 0;
}
