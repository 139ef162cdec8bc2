import { createShares } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createRateLimits, networkOf } from '../limits/rate-limits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';

/** Bounds of one port, before TLS (DESIGN.md 4.11). */
export interface HandshakeLimits {
  /** New connections of an address, in the long run. */
  readonly perSecond: number;
  /** The same after a rest: an agent that starts opens three or so, and several may share an address. */
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
  /** An agent with a certificate is connected from this address: its handshakes give way after those of strangers. */
  readonly isAgents?: ((address: string) => boolean) | undefined;
}

export interface Handshakes {
  /** A connection was accepted; `close` is called if it has to give way. Undefined: it may not begin a handshake. */
  readonly begin: (address: string, close: () => void) => Handshake | undefined;
  /** How many are unfinished. */
  readonly size: () => number;
}

export interface Handshake {
  /** The handshake is over, well or not. */
  readonly end: () => void;
}

interface Unfinished extends Handshake {
  readonly address: string;
  readonly close: () => void;
}

/**
 * Bounds the handshakes that are under way: at a limit the address with the most gives way, and of its handshakes the oldest.
 * Whoever has thousands of addresses has few of each: strangers therefore give way before agents.
 * A handshake takes some 10 ms, so that honest ones get through while others hang. One IPv6 /64 is one address.
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
  /** Of each address, the oldest first: some may be in either of the two above, as agents come and go. */
  const ofAddress = new Map<string, Set<Unfinished>>();
  let size = 0;

  function displace(handshake: Unfinished | undefined): void {
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
      if (own !== undefined && own.size >= limits.perAddress) displace(own.values().next().value);
      else if (size >= limits.total) displace(strangers.oldestOfMost() ?? agents.oldestOfMost());
      return enter(address, close);
    },
    size: () => size,
  };
}
