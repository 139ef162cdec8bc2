import { createCounts, createShares, createTokenBucket } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createRateLimits, networkOf } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import type { PortLimit } from '../limits/limit-names.ts';

/** Limits of one port before TLS is established (DESIGN.md 4.11). */
export interface HandshakeLimits {
  /** New connections of an address, on average. */
  readonly perSecond: number;
  /** The same after a pause: a starting agent opens about three, and several agents may share an address. */
  readonly burst: number;
  /** Unfinished handshakes of an address. */
  readonly perAddress: number;
  /** Unfinished handshakes of all addresses. */
  readonly total: number;
}

export const HANDSHAKE_LIMITS: HandshakeLimits = { perSecond: 10, burst: 40, perAddress: 8, total: 64 };

/** More than the agents that lose one of three replicas in a large cluster, and connect to another. */
const MOST_WAITING = 2_048;
/** An agent gives a server 5 s to answer, and the handshake may take 3 s of them. Milliseconds. */
const LONGEST_WAIT_MS = 2_000;
/** Of all addresses before the server is synced. Each takes 3 ms that the sync needs, and every call is refused. */
const UNSYNCED = { ratePerSecond: 20, burst: 64 };

export interface HandshakesDeps {
  readonly limits: HandshakeLimits;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly memory: ServerMemory | undefined;
  readonly hit: PortLimitHit;
  /** Whether this is the address of an agent. Handshakes of strangers are evicted first. */
  readonly isAgents?: ((address: string) => boolean) | undefined;
  /** False while all calls are refused. */
  readonly synced?: (() => boolean) | undefined;
}

export interface Handshakes {
  /**
   * A connection was accepted. `start` is called when its handshake may begin: now, or later. `close` is called if it is evicted.
   * Undefined if it must not begin a handshake.
   */
  readonly begin: (address: string, close: () => void, start?: () => void) => Handshake | undefined;
  /** The number of unfinished handshakes, without those that wait. */
  readonly size: () => number;
}

export interface Handshake {
  /** The handshake has ended, successfully or not. */
  readonly end: () => void;
}

interface Unfinished extends Handshake {
  readonly address: string;
  readonly close: () => void;
  readonly sinceMs: number;
  readonly start: () => void;
}

/**
 * Limits the handshakes in progress. At the limit, the oldest handshake of the stranger's address with the most is closed.
 * Strangers are evicted before agents, because an attacker with thousands of addresses has few handshakes of each. A handshake
 * takes about 10 ms, so honest ones succeed while others hang. An IPv6 /64 counts as one address.
 *
 * Agents wait for each other: if a replica is lost, thousands come at once, and if each closed the oldest handshake of another,
 * none would be completed.
 */
export function createHandshakes(deps: HandshakesDeps): Handshakes {
  const { limits, clock, memory, hit, isAgents = () => false, synced = () => true } = deps;
  const mayConnect = createRateLimits({ ...limits, clock, memory, kind: 'connecting_addresses' });
  const early = createTokenBucket({ ...UNSYNCED, clock });
  const progress = createProgress(isAgents);
  /** Of agents, in the order in which they came. */
  const waiting = new Set<Unfinished>();
  /** By address, oldest first, with those that wait. */
  const ofAddress = new Map<string, Set<Unfinished>>();

  function evict(handshake: Unfinished | undefined): void {
    if (handshake === undefined) return;
    handshake.end();
    hit('handshakes', handshake);
    handshake.close();
  }

  function enter(address: string, close: () => void, start: () => void): Unfinished {
    const own = ofAddress.get(address) ?? new Set();
    ofAddress.set(address, own);
    const handshake: Unfinished = {
      address,
      close,
      start,
      sinceMs: clock.monotonic(),
      end() {
        if (!own.delete(handshake)) return;
        if (own.size === 0 && ofAddress.get(address) === own) ofAddress.delete(address);
        waiting.delete(handshake);
        progress.end(handshake);
        while (progress.size() < limits.total && waiting.size > 0) startNext();
      },
    };
    own.add(handshake);
    return handshake;
  }

  function startNext(): void {
    const [next] = waiting;
    if (next === undefined) return;
    waiting.delete(next);
    if (clock.monotonic() - next.sinceMs > LONGEST_WAIT_MS) evict(next);
    else progress.begin(next);
  }

  /** The limit that the new connection exceeds. */
  function exceeded(address: string): PortLimit | undefined {
    if (!mayConnect(address)) return 'connection_rate';
    if (synced()) return undefined;
    if (early.left() === 0) return 'unsynced_handshakes';
    early.take();
    return undefined;
  }

  function makeRoom(address: string): void {
    const own = ofAddress.get(address);
    if (own !== undefined && own.size >= limits.perAddress) evict(own.values().next().value);
    if (progress.size() >= limits.total) evict(progress.dispensable());
  }

  return {
    begin(source, close, start = () => undefined) {
      const address = networkOf(source);
      const limit = exceeded(address);
      if (limit !== undefined) {
        hit(limit, { address });
        return undefined;
      }
      makeRoom(address);
      const hasRoom = progress.size() < limits.total;
      if (!hasRoom && (!isAgents(address) || waiting.size >= MOST_WAITING)) {
        hit('handshakes', { address });
        return undefined;
      }
      const handshake = enter(address, close, start);
      if (hasRoom) progress.begin(handshake);
      else waiting.add(handshake);
      return handshake;
    },
    size: progress.size,
  };
}

/** The handshakes that have begun, of strangers and of agents. */
function createProgress(isAgents: (address: string) => boolean) {
  const strangers = createShares<Unfinished>();
  const agents = createShares<Unfinished>();
  const ends = new Map<Unfinished, () => void>();
  /** By address, of agents and strangers: an agent may have connected or disconnected since. */
  const counts = createCounts<string>();

  return {
    begin(handshake: Unfinished): void {
      const { address } = handshake;
      const shares = isAgents(address) ? agents : strangers;
      const place = shares.add(address, handshake);
      counts.add(address);
      ends.set(handshake, () => {
        shares.remove(address, place);
        counts.remove(address);
      });
      handshake.start();
    },
    end(handshake: Unfinished): void {
      ends.get(handshake)?.();
      ends.delete(handshake);
    },
    /** What makes room at the limit: a stranger's, or one of several of an agent's address. */
    dispensable(): Unfinished | undefined {
      const agent = agents.oldestOfMost();
      const isOneOfSeveral = agent !== undefined && counts.of(agent.address) > 1;
      return strangers.oldestOfMost() ?? (isOneOfSeveral ? agent : undefined);
    },
    size: () => ends.size,
  };
}
