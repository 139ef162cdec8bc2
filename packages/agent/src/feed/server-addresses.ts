import { isIP } from 'node:net';

export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** One address of a server, and the name by which it was given: what its certificate is held against. */
export interface ServerAddress extends HostPort {
  readonly name: string;
}

export interface ServerAddressesDeps {
  readonly servers: readonly HostPort[];
  /** All addresses of a name, e.g. of a headless Service. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface ServerAddresses {
  /**
   * The next address to try: all of them in a random order before one comes again. Names are looked up anew each round;
   * where that fails, the last good addresses stand. Throws when there never were any.
   */
  next(): Promise<ServerAddress>;
  /** It did not answer: in the next round it comes last. */
  failed(address: ServerAddress): void;
  /** Begins a new round: what was looked up may be old by now. */
  anew(): void;
  /** Others have not been tried in this round. */
  readonly untried: boolean;
}

/**
 * Which server an agent turns to. Addresses are shuffled here: pick_first's own shuffle does not work in grpc-js 1.14, and
 * its DNS resolver asks too seldom.
 */
export function createServerAddresses({ servers, lookup, random }: ServerAddressesDeps): ServerAddresses {
  let round: ServerAddress[] = [];
  let avoided: ServerAddress | undefined;
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
        const isAvoided = ({ host, port }: ServerAddress) => host === avoided?.host && port === avoided.port;
        round = shuffled(all, random).sort((a, b) => Number(isAvoided(a)) - Number(isAvoided(b)));
        avoided = undefined;
      }
      const next = round.shift();
      if (next === undefined) throw new Error('no server address is known');
      return next;
    },
    failed(address) {
      avoided = address;
    },
    anew() {
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
