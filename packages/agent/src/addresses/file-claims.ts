import type { AgentMemory } from '../memory/memory.ts';
import type { OwnedAddresses } from './owned-addresses.ts';
import { claimOf, MOST_REMEMBERED, saysNothingNew } from './claim.ts';
import type { Claim, FileContent } from './claim.ts';
import { BEFORE_ALL, compare } from './cni-files/learned.ts';
import type { Learned } from './cni-files/learned.ts';
import type { PodClaims } from './pod-claims.ts';

export interface FileClaims {
  /** The file was seen for the first time. It may be read much later. */
  readonly learn: (key: string, learned: Learned) => void;
  /**
   * The current content of the file. `now` counts if the file is new or its content changed. Returns the keys of other files
   * that lost an address to it.
   */
  readonly set: (key: string, content: FileContent, now: Learned) => readonly string[];
  /** The file exists but cannot be read. `anything`: it may name other addresses than when it was last read. */
  readonly unreadable: (key: string, anything: boolean, now: Learned) => void;
  /** The runtime removed the file: its addresses are released. False: the file was not known. */
  readonly free: (key: string) => boolean;
  /** Forgets the file. False: the file was not known. */
  readonly forget: (key: string) => boolean;
  readonly of: (key: string) => Claim | undefined;
  readonly claims: () => Iterable<Claim>;
  /** Files that may name any address. */
  readonly unread: () => ReadonlyMap<string, Learned>;
}

/** What claims compete for: being their Pod's newest, and addresses. */
interface Contended {
  readonly pods: PodClaims;
  readonly addresses: OwnedAddresses;
}

export interface FileClaimsDeps extends Contended {
  readonly memory: AgentMemory;
}

/** What is known about each result file, and its claims. */
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
 * Files whose state is unknown until the next scan; the Pod may run that long. If one has to be dropped, its addresses are
 * without an owner, as if its result had been removed.
 */
function rememberUnknown(memory: AgentMemory, dropped: (key: string) => void) {
  return memory.remember<true>('results_unknown', { keepMs: Infinity, most: MOST_REMEMBERED, dropped });
}

/** Files that have not been read yet, and files that cannot be read. */
function createUnreadFiles() {
  const learned = new Map<string, Learned>();
  const unread = new Map<string, Learned>();

  return {
    learn: (key: string, when: Learned): void => {
      learned.set(key, when);
    },
    /** The file was read. Returns when it was learned of. */
    settle(key: string, now: Learned, { isRead }: { readonly isRead: boolean }): Learned {
      const when = learned.get(key) ?? unread.get(key) ?? now;
      learned.delete(key);
      if (isRead) unread.delete(key);
      return when;
    },
    /** The file cannot be read. */
    add(key: string, now: Learned): void {
      if (!unread.has(key)) unread.set(key, learned.get(key) ?? now);
    },
    /** False: it was not a file that cannot be read. */
    drop(key: string): boolean {
      learned.delete(key);
      return unread.delete(key);
    },
    all: (): ReadonlyMap<string, Learned> => unread,
  };
}

/** The content is the same as before, or a part of it. */
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

/** Gives a claim what it is entitled to as its Pod's newest result, or nothing if it is not the newest. Returns the losers. */
function stake(claim: Claim, { pods, addresses }: Contended): readonly string[] {
  const { pod, learned } = claim;
  const rival = pod === undefined ? undefined : pods.newestOf(pod);
  const order = rival === undefined ? 1 : compare(learned, rival.learned);
  const isReleased = pod !== undefined && compare(learned, pods.returnedAt(pod)) <= 0;
  const isLost = claim.lost.size > 0 && claim.lost.size === claim.result.ips.length;
  if (order <= 0 || isReleased || isLost) {
    for (const ip of claim.result.ips) claim.lost.add(ip);
    if (pod !== undefined && rival === undefined) pods.remember(pod, BEFORE_ALL, claim.result.namespace);
    // It is unknown which of the two is newer.
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

/** The file no longer says it: its addresses are released, and its Pod has returned them. */
function withdraw(claim: Claim, { pods, addresses }: Contended): void {
  loseAll(claim, addresses);
  pods.end(claim);
}

function loseAll(claim: Claim, addresses: OwnedAddresses): readonly string[] {
  for (const ip of claim.result.ips) addresses.lose(claim, ip);
  return [claim.key];
}
