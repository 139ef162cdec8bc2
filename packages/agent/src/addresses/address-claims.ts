import { createMemory } from '@rolegate/runtime';
import type { AgentMemory } from '../memory/memory.ts';
import { claimOf, saysNothingNew } from './claim.ts';
import type { Claim, ToldResult } from './claim.ts';
import { BEFORE_ALL, compare, inOrder } from './cni-files/learned.ts';
import type { Learned } from './cni-files/learned.ts';

/** Of each kind of thing that is remembered beyond the files that are there: more than a node starts Pods in a day. */
const MOST_REMEMBERED = 4_096;
/** How long it is remembered. Milliseconds. */
const REMEMBERED_MS = 86_400_000;
/** Nothing grows old by it. */
const NO_CLOCK = { monotonic: () => 0, schedule: () => () => undefined };

export interface AddressClaims {
  /** The file was seen for the first time. It may be read long afterwards. */
  readonly learn: (key: string, learned: Learned) => void;
  /**
   * What the file says now. `now` counts if it was not learned of before, or says something new. Returns the keys of the other files that have lost an address by it.
   */
  readonly set: (key: string, told: ToldResult, now: Learned) => readonly string[];
  /** The file is there and cannot be read. `anything`: it may name addresses that it did not name when it was last read. */
  readonly unreadable: (key: string, anything: boolean, now: Learned) => void;
  /** The runtime removed the file: its addresses are released. False: nothing was known of it. */
  readonly free: (key: string) => boolean;
  /** Nothing is known of the file any more. False: nothing was known before. */
  readonly forget: (key: string) => boolean;
  /** The Pod had a result until the runtime removed it. */
  readonly remember: (pod: string) => void;

  readonly of: (key: string) => Claim | undefined;
  /** In the order in which they were learned of. */
  readonly all: () => readonly Claim[];
  /** The last claim on an address, whatever has become of it. */
  readonly lastOn: (ip: string) => Claim | undefined;
  readonly addresses: () => Iterable<readonly [ip: string, last: Claim]>;
  readonly newestOf: (pod: string) => Claim | undefined;
  /** The runtime removed the Pod's newest result. */
  readonly isReturned: (pod: string) => boolean;
  readonly returned: () => readonly string[];
  /** The files that may name any address. */
  readonly unread: () => ReadonlyMap<string, Learned>;
}

export interface AddressClaimsDeps {
  /** Called when a claim loses an address. */
  readonly released: () => void;
  /** By default nothing is forgotten because of its age, only because there is too much. */
  readonly memory?: AgentMemory | undefined;
  /** The feed names the Pod (a UID, or namespace/name): what is known of it must not grow old. By default it names all. */
  readonly isNamed?: ((pod: string) => boolean) | undefined;
}

/**
 * Which file claims which address (ADR 4). A Pod's newest result is its only one, and of two claims on an address the one that
 * was learned of last takes it for good.
 */
export function createAddressClaims({
  released,
  memory = createMemory({ clock: NO_CLOCK }),
  isNamed = () => true,
}: AddressClaimsDeps): AddressClaims {
  const claims = new Map<string, Claim>();
  const learned = new Map<string, Learned>();
  const unread = new Map<string, Learned>();
  const last = new Map<string, Claim>();
  const newest = new Map<string, Claim>();
  const returned = memory.remember<Learned>('pods_returned', {
    keepMs: REMEMBERED_MS,
    most: MOST_REMEMBERED,
    stays: isNamed,
    dropped: (_, when) => {
      raise(when);
    },
  });
  /** Addresses without an owner. */
  const ownerless = memory.remember<true>('addresses_released', {
    keepMs: REMEMBERED_MS,
    most: MOST_REMEMBERED,
    dropped: (ip) => {
      raise(last.get(ip)?.learned ?? BEFORE_ALL);
      last.delete(ip);
    },
  });
  /**
   * Files whose state is unknown, until a look tells; the Pod may run for as long. Of one that has to be dropped no address is its
   * Pod's own any more, as if its result were gone.
   */
  const unknown = memory.remember<true>('results_unknown', {
    keepMs: Infinity,
    most: MOST_REMEMBERED,
    dropped: free,
  });
  /** No claim that was learned of before it gets an address of which nothing is remembered. */
  let horizon = BEFORE_ALL;

  function raise(forgotten: Learned): void {
    if (compare(horizon, forgotten) < 0) horizon = forgotten;
  }

  function set(key: string, told: ToldResult, now: Learned): readonly string[] {
    const former = claims.get(key);
    const at = learned.get(key) ?? unread.get(key) ?? now;
    learned.delete(key);
    if (told.unreadable !== true) unread.delete(key);
    unknown.delete(key);
    if (former !== undefined && saysNothingNew(former, told)) {
      former.state = told.unreadable === true ? 'unreadable' : 'read';
      former.stamp = { mtimeNs: told.mtimeNs, createdNs: told.createdNs };
      const { ips } = told.result;
      for (const ip of former.result.ips) if (!ips.includes(ip)) lose(former, ip);
      return [];
    }
    if (former !== undefined) end(former);
    const claim = claimOf(key, told, at);
    const isKnownPod = claim.pod !== undefined && (newest.has(claim.pod) || isReturned(claim.pod));
    if (claim.result.ips.length === 0 && !isKnownPod) return [];
    claims.set(key, claim);
    return stake(claim);
  }

  /** Gives the claim what it is entitled to. Returns who has lost by it. */
  function stake(claim: Claim): readonly string[] {
    const { pod, learned: when } = claim;
    const rival = pod === undefined ? undefined : newest.get(pod);
    const order = rival === undefined ? 1 : compare(when, rival.learned);
    const isReleased = pod !== undefined && compare(when, returned.peek(pod) ?? BEFORE_ALL) <= 0;
    const isLost = claim.lost.size > 0 && claim.lost.size === claim.result.ips.length;
    if (order <= 0 || isReleased || isLost) {
      for (const ip of claim.result.ips) claim.lost.add(ip);
      if (pod !== undefined && rival === undefined) remember(pod, BEFORE_ALL, claim.result.namespace);
      // Nobody can say which of the two is the newer one.
      return order === 0 && rival !== undefined ? loseAll(rival) : [];
    }
    const losers = new Set(rival === undefined ? [] : loseAll(rival));
    if (pod !== undefined) newest.set(pod, claim);
    for (const ip of claim.result.ips) {
      const loser = claim.lost.has(ip) ? undefined : take(claim, ip);
      if (loser !== undefined) losers.add(loser.key);
    }
    return [...losers];
  }

  /** Returns who owned the address. */
  function take(claim: Claim, ip: string): Claim | undefined {
    const former = last.get(ip);
    const order = compare(claim.learned, former?.learned ?? horizon);
    if (order < 0 || (order === 0 && former !== undefined)) claim.lost.add(ip);
    if (order < 0) return undefined;
    const owned = former !== undefined && !former.lost.has(ip) ? former : undefined;
    if (owned !== undefined) lose(owned, ip);
    if (claim.lost.has(ip)) return owned;
    last.set(ip, claim);
    ownerless.delete(ip);
    return owned;
  }

  function lose(claim: Claim, ip: string): void {
    if (claim.lost.has(ip)) return;
    claim.lost.add(ip);
    released();
    if (last.get(ip) === claim) ownerless.set(ip, true, claim.result.namespace);
  }

  function loseAll(claim: Claim): readonly string[] {
    for (const ip of claim.result.ips) lose(claim, ip);
    return [claim.key];
  }

  /** The file does not say it any more. */
  function end(claim: Claim): void {
    const { key, pod } = claim;
    claims.delete(key);
    unknown.delete(key);
    loseAll(claim);
    if (pod === undefined || newest.get(pod) !== claim) return;
    newest.delete(pod);
    remember(pod, claim.learned, claim.result.namespace);
  }

  function remember(pod: string, when: Learned, namespace = ''): void {
    const before = returned.peek(pod) ?? BEFORE_ALL;
    returned.set(pod, compare(before, when) < 0 ? when : before, namespace);
  }

  function isReturned(pod: string): boolean {
    return returned.peek(pod) !== undefined;
  }

  function free(key: string): boolean {
    learned.delete(key);
    const wasUnread = unread.delete(key);
    const claim = claims.get(key);
    if (claim !== undefined) end(claim);
    return wasUnread || claim !== undefined;
  }

  function forget(key: string): boolean {
    learned.delete(key);
    const wasUnread = unread.delete(key);
    const claim = claims.get(key);
    if (claim === undefined || claim.state === 'unknown') return wasUnread;
    claim.state = 'unknown';
    unknown.set(key, true, claim.result.namespace);
    return true;
  }

  return {
    learn(key, when) {
      learned.set(key, when);
    },
    set,
    unreadable(key, anything, now) {
      const claim = claims.get(key);
      if (claim !== undefined) claim.state = 'unreadable';
      unknown.delete(key);
      const at = learned.get(key) ?? now;
      if (anything && !unread.has(key)) unread.set(key, at);
    },
    free,
    forget,
    remember: (pod) => {
      remember(pod, BEFORE_ALL);
    },
    of: (key) => claims.get(key),
    all: () => inOrder([...claims.values()].map((claim) => [claim.learned, claim])),
    lastOn: (ip) => last.get(ip),
    addresses: () => last,
    newestOf: (pod) => newest.get(pod),
    isReturned,
    returned: () => returned.entries().map(([pod]) => pod),
    unread: () => unread,
  };
}
