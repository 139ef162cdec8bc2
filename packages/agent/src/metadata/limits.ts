export interface LimitsOptions {
  /** Open connections of one source address. */
  readonly connectionsPerIp: number;
  /** Requests of one source address that wait for something. */
  readonly heldPerIp: number;
  /** Waiting requests of all. */
  readonly held: number;
}

/** DESIGN 4.2. Real metadata throttles by packets; a waiting request costs memory, a connection a descriptor. */
export const defaultLimits: LimitsOptions = { connectionsPerIp: 32, heldPerIp: 16, held: 1024 };

/** Above twice their limit connections are not even answered. */
const DROP_FACTOR = 2;

export interface Limits {
  /** Takes a place for a connection: it counts until `disconnected`, unless dropped. */
  readonly connected: (ip: string) => 'open' | 'over' | 'drop';
  readonly disconnected: (ip: string) => void;
  /** Takes a place for a request that must wait; false: there is none. Each true is given back by `released`. */
  readonly hold: (ip: string) => boolean;
  readonly released: (ip: string) => void;
}

/** Counts what each source address has open, so that one Pod cannot use up what all of them need. */
export function createLimits({ connectionsPerIp, heldPerIp, held }: LimitsOptions = defaultLimits): Limits {
  const connections = createCounts();
  const holds = createCounts();
  return {
    connected(ip) {
      if (connections.of(ip) >= connectionsPerIp * DROP_FACTOR) return 'drop';
      return connections.add(ip) > connectionsPerIp ? 'over' : 'open';
    },
    disconnected: connections.remove,
    hold(ip) {
      if (holds.total() >= held || holds.of(ip) >= heldPerIp) return false;
      holds.add(ip);
      return true;
    },
    released: holds.remove,
  };
}

/** How many of each; what is at zero takes no memory. */
function createCounts() {
  const counts = new Map<string, number>();
  let total = 0;
  const of = (key: string) => counts.get(key) ?? 0;
  return {
    of,
    total: () => total,
    add: (key: string): number => {
      const count = of(key) + 1;
      counts.set(key, count);
      total += 1;
      return count;
    },
    remove: (key: string): void => {
      const count = of(key);
      if (count === 0) return;
      if (count === 1) counts.delete(key);
      else counts.set(key, count - 1);
      total -= 1;
    },
  };
}
