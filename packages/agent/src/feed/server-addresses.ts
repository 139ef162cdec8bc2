import { isIP } from 'node:net';
import type { HostPort } from '@rolegate/runtime';

const REMEMBERED_ROUNDS = 2;
/** More replicas than are restarted during two rounds. */
const MOST_FAILURES = 16;

/** One address of a server, and the configured name against which its certificate is verified. */
export interface ServerAddress extends HostPort {
  readonly name: string;
}

export interface ServerAddressesDeps {
  readonly servers: readonly HostPort[];
  /** All addresses of a name, such as of a headless Service. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface ServerAddresses {
  /**
   * The next address to try: each once in random order, then a new round. Names are resolved again each round; if that fails,
   * the last known addresses are used. Throws if there are none.
   */
  next(): Promise<ServerAddress>;
  /** The server did not answer or stopped. It is tried last for two rounds, because DNS may still list it. */
  failed(address: ServerAddress): void;
  /** Begins a new round, because the addresses may be outdated. */
  reset(): void;
  /** True if there are addresses not yet tried in this round. */
  readonly untried: boolean;
}

/**
 * Chooses the server that an agent connects to. Shuffles the addresses itself: pick_first's shuffle does not work in grpc-js
 * 1.14, and its DNS resolver refreshes too rarely.
 */
export function createServerAddresses({ servers, lookup, random }: ServerAddressesDeps): ServerAddresses {
  let round: ServerAddress[] = [];
  /** With the round of each; the latest is last. */
  let failures: readonly { readonly address: ServerAddress; readonly atRound: number }[] = [];
  let rounds = 0;
  const lastGood = new Map<string, readonly string[]>();

  async function addressesOf({ host, port }: HostPort): Promise<ServerAddress[]> {
    if (isIP(host) !== 0) return [{ host, port, name: host }];
    try {
      const found = await lookup(host);
      if (found.length > 0) lastGood.set(host, found);
    } catch (error) {
      if (!lastGood.has(host))
        throw new Error(`the server's name ${host} does not resolve`, { cause: error });
    }
    return (lastGood.get(host) ?? []).map((address) => ({ host: address, port, name: host }));
  }

  return {
    async next() {
      if (round.length === 0) {
        const found = await Promise.allSettled(servers.map(addressesOf));
        const all = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
        const faults = found.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
        if (all.length === 0) throw new AggregateError(faults, 'no server address is known');
        failures = failures.filter(({ atRound }) => rounds - atRound < REMEMBERED_ROUNDS);
        rounds += 1;
        const rank = ({ host, port }: ServerAddress) =>
          failures.findLastIndex(({ address }) => address.host === host && address.port === port);
        round = shuffled(all, random).sort((a, b) => rank(a) - rank(b));
      }
      const next = round.shift();
      if (next === undefined) throw new Error('no server address is known');
      return next;
    },
    failed(address) {
      failures = [...failures, { address, atRound: rounds }].slice(-MOST_FAILURES);
    },
    reset() {
      round = [];
    },
    get untried() {
      return round.length > 0;
    },
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
