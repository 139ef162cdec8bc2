import { createShares } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createRateLimits, networkOf } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';

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

export interface HandshakesDeps {
  readonly limits: HandshakeLimits;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly memory: ServerMemory | undefined;
  readonly hit: PortLimitHit;
  /** Whether an agent with a certificate is connected from this address. Handshakes of strangers are evicted first. */
  readonly isAgents?: ((address: string) => boolean) | undefined;
}

export interface Handshakes {
  /** A connection was accepted; `close` is called if it is evicted. Undefined if it must not begin a handshake. */
  readonly begin: (address: string, close: () => void) => Handshake | undefined;
  /** The number of unfinished handshakes. */
  readonly size: () => number;
}

export interface Handshake {
  /** The handshake has ended, successfully or not. */
  readonly end: () => void;
}

interface Unfinished extends Handshake {
  readonly address: string;
  readonly close: () => void;
}

/**
 * Limits the handshakes in progress. At the limit, the oldest handshake of the address with the most is closed. Strangers are
 * evicted before agents, because an attacker with thousands of addresses has few handshakes of each. A handshake takes about
 * 10 ms, so honest ones succeed while others hang. An IPv6 /64 counts as one address.
 */
export function createHandshakes({
  limits,
  clock,
  memory,
  hit,
  isAgents = () => false,
}: HandshakesDeps): Handshakes {
  const mayConnect = createRateLimits({ ...limits, clock, memory, kind: 'connecting_addresses' });
  const strangers = createShares<Unfinished>();
  const agents = createShares<Unfinished>();
  /** By address, oldest first. Those of one address may be in either of the two above, as agents connect and disconnect. */
  const ofAddress = new Map<string, Set<Unfinished>>();
  let size = 0;

  function evict(handshake: Unfinished | undefined): void {
    if (handshake === undefined) return;
    handshake.end();
    hit('handshakes', handshake);
    handshake.close();
  }

  function enter(address: string, close: () => void): Unfinished {
    const own = ofAddress.get(address) ?? new Set();
    ofAddress.set(address, own);
    size += 1;
    const handshake: Unfinished = {
      address,
      close,
      end() {
        if (!own.delete(handshake)) return;
        shares.remove(address, place);
        size -= 1;
        if (own.size === 0 && ofAddress.get(address) === own) ofAddress.delete(address);
      },
    };
    const shares = isAgents(address) ? agents : strangers;
    const place = shares.add(address, handshake);
    own.add(handshake);
    return handshake;
  }

  return {
    begin(source, close) {
      const address = networkOf(source);
      if (!mayConnect(address)) {
        hit('connection_rate', { address });
        return undefined;
      }
      const own = ofAddress.get(address);
      if (own !== undefined && own.size >= limits.perAddress) evict(own.values().next().value);
      else if (size >= limits.total) evict(strangers.oldestOfMost() ?? agents.oldestOfMost());
      return enter(address, close);
    },
    size: () => size,
  };
}
