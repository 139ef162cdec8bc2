import type { AgentMemory } from '../memory/memory.ts';
import type { OwnedAddresses } from './owned-addresses.ts';
import { claimOf, MOST_REMEMBERED, saysNothingNew } from './claim.ts';
import type { Claim, FileContent } from './claim.ts';
import { BEFORE_ALL, compare } from './cni-files/learned.ts';
import type { Learned } from './cni-files/learned.ts';
import type { PodClaims } from './pod-claims.ts';

export interface FileClaims {
  /** The file was seen for the first time. It may be read long afterwards. */
  readonly learn: (key: string, learned: Learned) => void;
  /**
   * What the file says now. `now` counts if it was not learned of before, or says something new. Returns the keys of the other files that have lost an address by it.
   */
  readonly set: (key: string, content: FileContent, now: Learned) => readonly string[];
  /** The file is there and cannot be read. `anything`: it may name addresses that it did not name when it was last read. */
  readonly unreadable: (key: string, anything: boolean, now: Learned) => void;
  /** The runtime removed the file: its addresses are released. False: nothing was known of it. */
  readonly free: (key: string) => boolean;
  /** Nothing is known of the file any more. False: nothing was known before. */
  readonly forget: (key: string) => boolean;
  readonly of: (key: string) => Claim | undefined;
  readonly claims: () => Iterable<Claim>;
  /** The files that may name any address. */
  readonly unread: () => ReadonlyMap<string, Learned>;
}

/** What claims contend for: to be a Pod's newest one, and addresses. */
interface Contended {
  readonly pods: PodClaims;
  readonly addresses: OwnedAddresses;
}

export interface FileClaimsDeps extends Contended {
  readonly memory: AgentMemory;
}

/** What is known of each result file, and what it claims by that. */
export function createFileClaims({ pods, addresses, memory }: FileClaimsDeps): FileClaims {
  const claims = new Map<string, Claim>();
  const unread = createUnreadFiles();
  const unknown = rememberUnknown(memory, free);

  function set(key: string, content: FileContent, now: Learned): readonly string[] {
    const former = claims.get(key);
    const learned = unread.settle(key, now, { isRead: content.unreadable !== true });
    unknown.delete(key);
    if (former !== undefined && saysNothingNew(former, content)) {
      confirm(former, content, addresses);
      return [];
    }
    if (former !== undefined) end(former);
    const claim = claimOf(key, content, learned);
    if (claim.result.ips.length === 0 && !isKnown(claim.pod, pods)) return [];
    claims.set(key, claim);
    return stake(claim, { pods, addresses });
  }

  function end(claim: Claim): void {
    claims.delete(claim.key);
    unknown.delete(claim.key);
    withdraw(claim, { pods, addresses });
  }

  function free(key: string): boolean {
    const wasUnread = unread.drop(key);
    const claim = claims.get(key);
    if (claim !== undefined) end(claim);
    return wasUnread || claim !== undefined;
  }

  function forget(key: string): boolean {
    const wasUnread = unread.drop(key);
    const claim = claims.get(key);
    if (claim === undefined || claim.state === 'unknown') return wasUnread;
    claim.state = 'unknown';
    unknown.set(key, true, claim.result.namespace);
    return true;
  }

  return {
    learn: unread.learn,
    set,
    unreadable(key, anything, now) {
      const claim = claims.get(key);
      if (claim !== undefined) claim.state = 'unreadable';
      unknown.delete(key);
      if (anything) unread.add(key, now);
    },
    free,
    forget,
    of: (key) => claims.get(key),
    claims: () => claims.values(),
    unread: unread.all,
  };
}

/**
 * Files whose state is unknown, until a look tells; the Pod may run for as long. Of one that has to be dropped no address is its
 * Pod's own any more, as if its result were gone.
 */
function rememberUnknown(memory: AgentMemory, dropped: (key: string) => void) {
  return memory.remember<true>('results_unknown', { keepMs: Infinity, most: MOST_REMEMBERED, dropped });
}

/** Files of which nothing is known yet but when they were learned of, and files that cannot be read. */
function createUnreadFiles() {
  const learned = new Map<string, Learned>();
  const unread = new Map<string, Learned>();

  return {
    learn: (key: string, when: Learned): void => {
      learned.set(key, when);
    },
    /** It says something now. Returns when it was learned of. */
    settle(key: string, now: Learned, { isRead }: { readonly isRead: boolean }): Learned {
      const when = learned.get(key) ?? unread.get(key) ?? now;
      learned.delete(key);
      if (isRead) unread.delete(key);
      return when;
    },
    /** It cannot be read. */
    add(key: string, now: Learned): void {
      if (!unread.has(key)) unread.set(key, learned.get(key) ?? now);
    },
    /** False: it was not one that cannot be read. */
    drop(key: string): boolean {
      learned.delete(key);
      return unread.delete(key);
    },
    all: (): ReadonlyMap<string, Learned> => unread,
  };
}

/** The file says again what it said, or less of it. */
function confirm(
  claim: Claim,
  { result, unreadable, mtimeNs, createdNs }: FileContent,
  { lose }: OwnedAddresses,
): void {
  claim.state = unreadable === true ? 'unreadable' : 'read';
  claim.stamp = { mtimeNs, createdNs };
  for (const ip of claim.result.ips) if (!result.ips.includes(ip)) lose(claim, ip);
}

function isKnown(pod: string | undefined, { newestOf, isReturned }: PodClaims): boolean {
  return pod !== undefined && (newestOf(pod) !== undefined || isReturned(pod));
}

/** Gives a claim what it is entitled to as its Pod's newest result, and nothing if it is not. Returns who has lost by it. */
function stake(claim: Claim, { pods, addresses }: Contended): readonly string[] {
  const { pod, learned } = claim;
  const rival = pod === undefined ? undefined : pods.newestOf(pod);
  const order = rival === undefined ? 1 : compare(learned, rival.learned);
  const isReleased = pod !== undefined && compare(learned, pods.returnedAt(pod)) <= 0;
  const isLost = claim.lost.size > 0 && claim.lost.size === claim.result.ips.length;
  if (order <= 0 || isReleased || isLost) {
    for (const ip of claim.result.ips) claim.lost.add(ip);
    if (pod !== undefined && rival === undefined) pods.remember(pod, BEFORE_ALL, claim.result.namespace);
    // Nobody can say which of the two is the newer one.
    return order === 0 && rival !== undefined ? loseAll(rival, addresses) : [];
  }
  const losers = new Set(rival === undefined ? [] : loseAll(rival, addresses));
  pods.begin(claim);
  for (const ip of claim.result.ips) {
    const loser = claim.lost.has(ip) ? undefined : addresses.take(claim, ip);
    if (loser !== undefined) losers.add(loser.key);
  }
  return [...losers];
}

/** The file does not say it any more: its addresses are released, and its Pod has returned them. */
function withdraw(claim: Claim, { pods, addresses }: Contended): void {
  loseAll(claim, addresses);
  pods.end(claim);
}

function loseAll(claim: Claim, addresses: OwnedAddresses): readonly string[] {
  for (const ip of claim.result.ips) addresses.lose(claim, ip);
  return [claim.key];
}
