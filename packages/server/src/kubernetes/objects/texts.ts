import { hash } from 'node:crypto';
import type { TooLong } from '../../annotations/annotations.ts';
import type { Annotations } from './objects.ts';

/** Limits on stored annotation texts, in bytes of memory (DESIGN.md 4.11). */
const BUDGETS = {
  namespaceBytes: 8 * 1024 * 1024,
  serverBytes: 128 * 1024 * 1024,
  /** Part of serverBytes that is reserved for the first texts of each Namespace, however full the rest is. */
  reservedBytes: 32 * 1024 * 1024,
  /** The size of a Namespace's first texts. */
  firstBytes: 16 * 1024,
  /** The approximate cost of each text's entries in two Maps. */
  entryBytes: 200,
};

/** Longer texts are keyed by their digest. Characters. */
const LONGEST_KEY = 1024;
/** The prefix of keys that are digests; a text with this prefix is keyed by its digest too. */
const DIGEST = '#';

/** The exhausted budget. */
export type SpentBudget = 'namespace_text_bytes' | 'text_bytes';

export interface TextsOptions {
  readonly budgets?: typeof BUDGETS;
  /** Called if the texts of these annotations did not fit. */
  readonly spent: (budget: SpentBudget, namespace: string, keys: readonly string[]) => void;
  /** Called when refused texts may fit again, so that their objects are listed again. */
  readonly roomAgain: () => void;
}

/** The texts of all annotations, within budgets. Equal texts are stored once, but count for each Namespace that uses them. */
export interface Texts {
  /** The annotations, with texts that do not fit replaced by their length. Texts are stored until they are released. */
  admit(namespace: string, annotations: Annotations): Annotations;
  /** To be called once for each admission. */
  release(namespace: string, annotations: Annotations): void;
  readonly bytes: number;
}

/** A stored text with its number of users. */
interface SharedText {
  readonly text: string;
  readonly bytes: number;
  users: number;
}

/** Texts by key, with their total size. */
interface Pool {
  bytes: number;
  readonly texts: Map<string, SharedText>;
}

/** The texts of a Namespace. */
interface Share extends Pool {
  refused: boolean;
}

export function createTexts({ budgets = BUDGETS, spent, roomAgain }: TextsOptions): Texts {
  /** Here the users are Namespaces. */
  const all: Pool = { bytes: 0, texts: new Map() };
  const shares = new Map<string, Share>();
  const room = createRoom({ budgets, all, roomAgain });

  function admitText(share: Share, given: string): string | { spent: SpentBudget; left: TooLong } {
    const key = keyOf(given);
    const known = share.texts.get(key);
    if (known !== undefined) {
      known.users += 1;
      return known.text;
    }
    const shared = all.texts.get(key);
    const cost = shared?.bytes ?? budgets.entryBytes + costOf(given);
    const refusal = room.refuse(share, cost, shared !== undefined);
    if (refusal !== undefined) return { spent: refusal.spent, left: tooLong(given, refusal) };
    const text = shared?.text ?? given;
    if (shared === undefined) add(all, key, text, cost);
    else shared.users += 1;
    add(share, key, text, cost);
    return text;
  }

  return {
    admit(namespace, annotations) {
      const entries = Object.entries(annotations);
      if (entries.length === 0) return annotations;
      const share = shareOf(shares, namespace);
      const refusals = new Map<SpentBudget, string[]>();
      const admitted = entries.map(([key, value]) => {
        const result = typeof value === 'string' ? admitText(share, value) : value;
        if (typeof result === 'string' || 'tooLongBytes' in result) return [key, result] as const;
        refusals.set(result.spent, [...(refusals.get(result.spent) ?? []), key]);
        return [key, result.left] as const;
      });
      for (const [budget, keys] of refusals) spent(budget, namespace, keys);
      return Object.fromEntries(admitted);
    },
    release(namespace, annotations) {
      const share = shares.get(namespace);
      if (share === undefined) return;
      for (const value of Object.values(annotations)) {
        if (typeof value !== 'string') continue;
        const key = keyOf(value);
        if (release(share, key)) release(all, key);
      }
      room.freed(share);
      if (share.texts.size === 0) shares.delete(namespace);
    },
    get bytes() {
      return all.bytes;
    },
  };
}

/** Why a text does not fit. */
interface NoRoom {
  readonly spent: SpentBudget;
  readonly budget: 'Namespace' | 'server';
  /** The rest of the budget. */
  readonly leftBytes: number;
}

interface RoomDeps extends Pick<TextsOptions, 'roomAgain'> {
  readonly budgets: typeof BUDGETS;
  readonly all: Pool;
}

/** Decides whether a text fits, and notices when refused texts may fit again. */
function createRoom({ budgets, all, roomAgain }: RoomDeps) {
  const open = budgets.serverBytes - budgets.reservedBytes;
  /** The highest limit on `all.bytes` at which a text was refused; 0 if none was. */
  let refusedAt = 0;
  return {
    /** `isShared`: another Namespace has the text, so it does not add to the server's total. */
    refuse(share: Share, cost: number, isShared: boolean): NoRoom | undefined {
      if (share.bytes + cost > budgets.namespaceBytes) {
        share.refused = true;
        const leftBytes = budgets.namespaceBytes - share.bytes - budgets.entryBytes;
        return { spent: 'namespace_text_bytes', budget: 'Namespace', leftBytes };
      }
      const most = share.bytes + cost > budgets.firstBytes ? open : budgets.serverBytes;
      if (isShared || all.bytes + cost <= most) return undefined;
      refusedAt = Math.max(refusedAt, most);
      const leftBytes = most - all.bytes - budgets.entryBytes;
      return { spent: 'text_bytes', budget: 'server', leftBytes };
    },
    /** Waits until an eighth of the budget is free; otherwise each released text would cause a new list. */
    freed(share: Share): void {
      const inShare = share.refused && share.bytes <= (budgets.namespaceBytes / 8) * 7;
      const inAll = refusedAt > 0 && all.bytes <= (refusedAt / 8) * 7;
      if (!inShare && !inAll) return;
      share.refused &&= !inShare;
      if (inAll) refusedAt = 0;
      roomAgain();
    },
  };
}

function shareOf(shares: Map<string, Share>, namespace: string): Share {
  const known = shares.get(namespace);
  if (known !== undefined) return known;
  const share: Share = { bytes: 0, refused: false, texts: new Map() };
  shares.set(namespace, share);
  return share;
}

function add(pool: Pool, key: string, text: string, bytes: number): void {
  pool.texts.set(key, { text, bytes, users: 1 });
  pool.bytes += bytes;
}

/** True if the text has no users left. */
function release(pool: Pool, key: string): boolean {
  const shared = pool.texts.get(key);
  if (shared === undefined) return false;
  shared.users -= 1;
  if (shared.users > 0) return false;
  pool.texts.delete(key);
  pool.bytes -= shared.bytes;
  return true;
}

/**
 * V8 hashes a text of more than 16,383 characters only by its length (String::kMaxHashCalcLength): as Map keys, long texts of
 * equal length would all be compared with each other.
 */
function keyOf(text: string): string {
  return text.length <= LONGEST_KEY && !text.startsWith(DIGEST) ? text : DIGEST + hash('sha256', text);
}

/** Bytes of memory: V8 uses two bytes for each character if any is not Latin-1. */
function costOf(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : text.length * 2;
}

function tooLong(text: string, { budget, leftBytes }: NoRoom): TooLong {
  return { tooLongBytes: Buffer.byteLength(text), limitBytes: Math.max(0, leftBytes), budget };
}
