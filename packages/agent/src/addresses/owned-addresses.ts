import type { AgentMemory } from '../memory/memory.ts';
import { MOST_REMEMBERED, REMEMBERED_MS } from './claim.ts';
import type { Claim } from './claim.ts';
import { BEFORE_ALL, compare } from './cni-files/learned.ts';
import type { Learned } from './cni-files/learned.ts';

export interface OwnedAddresses {
  /** Gives the address to the claim, unless a claim learned of later has it. Returns the previous owner. */
  readonly take: (claim: Claim, ip: string) => Claim | undefined;
  readonly lose: (claim: Claim, ip: string) => void;
  /** The last claim on an address, whatever its state. */
  readonly lastOn: (ip: string) => Claim | undefined;
  readonly addresses: () => Iterable<readonly [ip: string, last: Claim]>;
  /** Claims learned of before get no address about which nothing is remembered. */
  readonly raiseHorizon: (forgotten: Learned) => void;
}

export interface OwnedAddressesDeps {
  /** Called when a claim loses an address. */
  readonly released: () => void;
  readonly memory: AgentMemory;
}

/** Which claim owns an address: of two claims, the one learned of last owns it permanently. */
export function createOwnedAddresses({ released, memory }: OwnedAddressesDeps): OwnedAddresses {
  const last = new Map<string, Claim>();
  const ownerless = memory.remember<true>('addresses_released', {
    keepMs: REMEMBERED_MS,
    most: MOST_REMEMBERED,
    dropped: (ip) => {
      raiseHorizon(last.get(ip)?.learned ?? BEFORE_ALL);
      last.delete(ip);
    },
  });
  let horizon = BEFORE_ALL;

  function raiseHorizon(forgotten: Learned): void {
    if (compare(horizon, forgotten) < 0) horizon = forgotten;
  }

  function lose(claim: Claim, ip: string): void {
    if (claim.lost.has(ip)) return;
    claim.lost.add(ip);
    released();
    if (last.get(ip) === claim) ownerless.set(ip, true, claim.result.namespace);
  }

  return {
    take(claim, ip) {
      const former = last.get(ip);
      const order = compare(claim.learned, former?.learned ?? horizon);
      if (order < 0 || (order === 0 && former !== undefined)) claim.lost.add(ip);
      if (order < 0) return undefined;
      const owner = former !== undefined && !former.lost.has(ip) ? former : undefined;
      if (owner !== undefined) lose(owner, ip);
      if (claim.lost.has(ip)) return owner;
      last.set(ip, claim);
      ownerless.delete(ip);
      return owner;
    },
    lose,
    lastOn: (ip) => last.get(ip),
    addresses: () => last,
    raiseHorizon,
  };
}
