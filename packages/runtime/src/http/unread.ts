import { familyOf, rowKey } from './kernel-queues.ts';
import type { Ends, SendQueues, TcpFamily } from './kernel-queues.ts';
import type { Client, ClientName } from './places.ts';

/** A connection, as far as the bytes that its client has not read yet are concerned. */
export interface Sender<Occupant> {
  readonly client: Client<Occupant>;
  readonly ends: Ends;
  /** What may not have been read: known to be in the send queue, or written since that was seen. Bytes. */
  unread: number;
  /** Written since the look that is under way began. Bytes. */
  sinceLook: number;
  /** The answer that was written last. Bytes. */
  lastBytes: number;
}

export interface UnreadLimits {
  /** More than this in a connection's send queue means that its client does not read. Bytes. */
  readonly perConnection: number;
  /** Of one client, and of all: who is above it gets no answer before its send queues have been looked at. Bytes. */
  readonly perClient: number;
  readonly total: number;
}

export interface UnreadDeps<Occupant extends Sender<Occupant>> {
  readonly limits: UnreadLimits;
  readonly readQueues: (family: TcpFamily) => Promise<SendQueues>;
  /** How many closed connections have left something with the kernel, those of others included. */
  readonly countOrphans: () => Promise<number>;
  /** The client does not read: the connection is to be reset, and what it left unread with it. */
  readonly reset: (connection: Occupant) => void;
  /** A look is over: who had to wait may try again. */
  readonly looked: () => void;
  /** The send queues cannot be read. */
  readonly failed: (error: unknown) => void;
  readonly schedule: (delayMs: number, call: () => void) => unknown;
  readonly now: () => number;
}

export interface Unread<Occupant extends Sender<Occupant>> {
  readonly wrote: (connection: Occupant, bytes: number) => void;
  /** False: its client has to wait for the next look, which `looked` reports. */
  readonly mayAnswer: (connection: Occupant) => boolean;
  /** The connection counts for another client than this one from now on. */
  readonly moved: (connection: Occupant, from: Client<Occupant>) => void;
  /** The connection is closed. What its client has not read stays with the kernel, and counts until a look finds it gone. */
  readonly gone: (connection: Occupant) => void;
  /** True if the connection must end with its next answer: the send queues cannot be read, and it has been sent enough. */
  readonly mustEnd: (connection: Occupant) => boolean;
}

/** What a closed connection has left with the kernel, which goes on sending it for minutes to a client that does not read. */
interface Leftover {
  readonly client: ClientName;
  readonly ends: Ends;
  unread: number;
}

/** Between two looks: when a client is near its limit, and when a single connection is above its own. Milliseconds. */
const SOON_MS = 50;
const LATER_MS = 250;
/** At most, after looks that have found nearly nothing read: what is left behind cannot be reset. Milliseconds. */
const FRUITLESS_MS = 1_000;
/** The part of its limit that a client may always leave unread. */
const LITTLE = 1 / 64;
/** The part of everybody's limit that closed connections may leave before it is looked whose it is: thousands close in a second. */
const NEXT_TO_NOTHING = 1 / 16;
/**
 * The part of the time that looks may take: when a client is near its limit, and for the sake of single connections, nearly all
 * of which have read everything. However long a look took (the machine may have stood still), the next comes. Milliseconds.
 */
const LOOK_SHARE = 0.25;
const LATER_SHARE = 0.02;
const LONGEST_PAUSE_MS = 5_000;
/** Closed connections that are remembered before it is looked whether they were read: as nearly all were, and more if not. */
const FEW_LEFTOVERS = 1_024;
const MOST_LEFTOVERS = 16_384;

/**
 * Bounds what is written and not read. Written means that the kernel has it; only its send queues say what the client has taken.
 * Looking costs some milliseconds, so it is done only when somebody has been sent a lot, and rarely.
 */
export function createUnread<Occupant extends Sender<Occupant>>(
  deps: UnreadDeps<Occupant>,
): Unread<Occupant> {
  const { limits, readQueues, countOrphans, reset, looked, failed, schedule, now } = deps;
  const senders = new Set<Occupant>();
  let leftovers: Leftover[] = [];
  let mostLeftovers = FEW_LEFTOVERS;
  const tally = createTally();
  let looking = false;
  let lookAtMs = Infinity;
  let pauseMs = 0;
  let tookMs = 0;
  let endedMs = -Infinity;
  let blind = false;

  function add({ group, name }: Client<Occupant>, bytes: number): void {
    tally.add(group.name, name, bytes);
  }

  function count(connection: Occupant, bytes: number): void {
    connection.unread += bytes;
    add(connection.client, bytes);
    if (connection.unread > 0) senders.add(connection);
    else senders.delete(connection);
  }

  function watch(connection: Occupant): void {
    if (isNearLimit(connection) || leftovers.length > mostLeftovers) lookWithin(SOON_MS);
    else if (connection.unread > limits.perConnection)
      lookWithin(Math.max(LATER_MS, pauseAfter(tookMs, LATER_SHARE)));
  }

  function isNearLimit({ client }: Occupant): boolean {
    return (
      tally.of(client.group.name, client.name) > limits.perClient / 2 || tally.total() > limits.total / 2
    );
  }

  function lookWithin(delayMs: number): void {
    if (looking) return;
    const atMs = Math.max(now(), endedMs + Math.max(delayMs, pauseMs));
    if (atMs >= lookAtMs) return;
    lookAtMs = atMs;
    schedule(Math.max(0, atMs - now()), () => {
      if (!looking && lookAtMs === atMs) void look();
    });
  }

  async function look(): Promise<void> {
    const startMs = now();
    const before = tally.total();
    looking = true;
    try {
      const areRead = await areNearlyAllRead(leftovers.length);
      if (!areRead || [...senders].some(isDue)) {
        await settleAll([...senders], leftovers.length);
        blind = false;
        tookMs = now() - startMs;
      }
    } catch (error) {
      if (!blind) failed(error);
      blind = true;
      takeLeftovers(leftovers.length);
    }
    looking = false;
    lookAtMs = Infinity;
    endedMs = now();
    const fruitless = tally.total() > before / 2;
    pauseMs = Math.max(
      pauseAfter(endedMs - startMs, LOOK_SHARE),
      fruitless ? Math.min(FRUITLESS_MS, 2 * Math.max(SOON_MS, pauseMs)) : 0,
    );
    // Written meanwhile, and perhaps for the last time.
    for (const connection of senders) watch(connection);
    looked();
  }

  /**
   * Whether the oldest leftovers, so many, are next to nothing, as the number of all connections that have left something shows.
   * They are forgotten then.
   */
  async function areNearlyAllRead(count: number): Promise<boolean> {
    if (count === 0) return true;
    const largest = leftovers.reduce((most, { unread }) => Math.max(most, unread), 0);
    const areRead = (await countOrphans()) * largest <= limits.total * NEXT_TO_NOTHING;
    if (areRead) takeLeftovers(count);
    mostLeftovers = areRead ? FEW_LEFTOVERS : Math.min(MOST_LEFTOVERS, 2 * mostLeftovers);
    return areRead;
  }

  /** The oldest ones, which are counted no more. */
  function takeLeftovers(count: number): readonly Leftover[] {
    const taken = leftovers.slice(0, count);
    leftovers = leftovers.slice(count);
    for (const { client, unread } of taken) tally.add(client.group, client.name, -unread);
    return taken;
  }

  function isDue(connection: Occupant): boolean {
    return isNearLimit(connection) || connection.unread > limits.perConnection;
  }

  /** `count`: of the oldest leftovers. */
  async function settleAll(seen: readonly Occupant[], count: number): Promise<void> {
    const lastBytes = seen.map((connection) => connection.lastBytes);
    for (const connection of seen) connection.sinceLook = 0;
    const families = new Set([...seen, ...leftovers.slice(0, count)].map(({ ends }) => familyOf(ends)));
    const ipv4 = families.has('ipv4') ? await readQueues('ipv4') : undefined;
    const ipv6 = families.has('ipv6') ? await readQueues('ipv6') : undefined;
    const queued = (ends: Ends) => (familyOf(ends) === 'ipv4' ? ipv4 : ipv6)?.get(rowKey(ends)) ?? 0;
    for (const [at, connection] of seen.entries())
      settle(connection, queued(connection.ends), lastBytes[at] ?? 0);
    for (const { client, ends } of takeLeftovers(count)) remember({ client, ends, unread: queued(ends) });
  }

  /** `lastBytes`: its last answer when the look began. */
  function settle(connection: Occupant, queued: number, lastBytes: number): void {
    if (!senders.has(connection)) return; // gone meanwhile
    const { sinceLook, unread } = connection;
    count(connection, queued + sinceLook - unread);
    // Who has asked again has read all but the last answer, which may be one that was written while the table was read.
    if (queued <= Math.max(limits.perConnection, lastBytes + sinceLook)) return;
    count(connection, -connection.unread);
    reset(connection);
  }

  function remember(leftover: Leftover): void {
    if (leftover.unread === 0) return;
    leftovers.push(leftover);
    tally.add(leftover.client.group, leftover.client.name, leftover.unread);
  }

  return {
    wrote(connection, bytes) {
      connection.sinceLook += bytes;
      connection.lastBytes = bytes;
      count(connection, bytes);
      watch(connection);
    },
    mayAnswer({ client }) {
      if (blind) return true;
      const own = tally.of(client.group.name, client.name);
      const isLittle = own < limits.perClient * LITTLE;
      // Whoever has little unread does not wait for those who have filled everything.
      if (own < limits.perClient && (tally.total() < limits.total || isLittle)) return true;
      lookWithin(SOON_MS);
      return false;
    },
    moved({ client, unread }, from) {
      add(from, -unread);
      add(client, unread);
    },
    gone(connection) {
      const { client, ends, unread } = connection;
      count(connection, -unread);
      // All that is kept of a client: it has the same name when it comes again.
      if (!blind) remember({ client: { group: client.group.name, name: client.name }, ends, unread });
    },
    mustEnd: ({ unread }) => blind && unread > limits.perConnection,
  };
}

/** How long to wait for the next look if looks may take this share of the time. Milliseconds. */
function pauseAfter(lookMs: number, share: number): number {
  return Math.min(LONGEST_PAUSE_MS, lookMs / share);
}

/** Bytes by client, and of all. */
function createTally() {
  const groups = new Map<string, Map<string, number>>();
  let total = 0;
  return {
    add(group: string, name: string, bytes: number): void {
      total += bytes;
      let clients = groups.get(group);
      if (clients === undefined) groups.set(group, (clients = new Map<string, number>()));
      const sum = (clients.get(name) ?? 0) + bytes;
      if (sum > 0) clients.set(name, sum);
      else clients.delete(name);
      if (clients.size === 0) groups.delete(group);
    },
    of: (group: string, name: string): number => groups.get(group)?.get(name) ?? 0,
    total: () => total,
  };
}
