import { isIP } from 'node:net';
import type { HostPort } from '@rolegate/runtime';

const REMEMBERED_ROUNDS = 2;
/** More replicas than roll in two rounds. */
const MOST_FAILURES = 16;

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
   * The next address to try: all of them in a random order before one comes again. Names are looked up again each round;
   * if that fails, the last good addresses stand. Throws if there never were any.
   */
  next(): Promise<ServerAddress>;
  /** It did not answer, or has stopped: in the next two rounds it comes last, for DNS may still name it. */
  failed(address: ServerAddress): void;
  /** Begins a new round: what was looked up may be old by now. */
  reset(): void;
  /** Others have not been tried in this round. */
  readonly untried: boolean;
}

/**
 * Which server an agent turns to. Addresses are shuffled here: pick_first's own shuffle does not work in grpc-js 1.14, and
 * its DNS resolver asks too seldom.
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
