import { hash } from 'node:crypto';
import type { TooLong } from '../../annotations/annotations.ts';
import type { Annotations } from './objects.ts';

/** Texts of annotations that are kept, in bytes of memory (DESIGN.md 4.11). */
const BUDGETS = {
  namespaceBytes: 8 * 1024 * 1024,
  serverBytes: 128 * 1024 * 1024,
  /** Of the server's, for the first texts of each Namespace alone: others that fill the rest take nothing from them. */
  reservedBytes: 32 * 1024 * 1024,
  /** What counts as a Namespace's first texts. */
  firstBytes: 16 * 1024,
  /** Of each text's entries in two Maps, roughly: many short ones are not free. */
  entryBytes: 200,
};

/** Longer texts are found by their digest. Characters. */
const LONGEST_KEY = 1024;
/** What the key begins with that is a digest; a text that begins with it is found by its digest too. */
const DIGEST = '#';

/** Which budget has no room. */
export type SpentBudget = 'namespace_text_bytes' | 'text_bytes';

export interface TextsOptions {
  readonly budgets?: typeof BUDGETS;
  /** Texts were refused, of these annotations. */
  readonly spent: (budget: SpentBudget, namespace: string, keys: readonly string[]) => void;
  /** There is room again for texts that were refused: their objects are worth reading again. */
  readonly roomAgain: () => void;
}

/** The texts of all annotations: equal ones once, within budgets. A Namespace pays for what it uses, shared or not. */
export interface Texts {
  /** What of the annotations has room; it is kept until it is released. */
  admit(namespace: string, annotations: Annotations): Annotations;
  /** Of what was admitted, once. */
  release(namespace: string, annotations: Annotations): void;
  readonly bytes: number;
}

/** A text that is kept, and how many use it. */
interface SharedText {
  readonly text: string;
  readonly bytes: number;
  users: number;
}

/** Texts by their keys, and what they take together. */
interface Pool {
  bytes: number;
  readonly texts: Map<string, SharedText>;
}

/** What a Namespace uses. */
interface Share extends Pool {
  refused: boolean;
}

export function createTexts({ budgets = BUDGETS, spent, roomAgain }: TextsOptions): Texts {
  /** Its users are Namespaces. */
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

/** Why a text is refused. */
interface NoRoom {
  readonly spent: SpentBudget;
  readonly budget: 'Namespace' | 'server';
  /** What is left of the budget. */
  readonly leftBytes: number;
}

interface RoomDeps extends Pick<TextsOptions, 'roomAgain'> {
  readonly budgets: typeof BUDGETS;
  readonly all: Pool;
}

/** Says whether the budgets have room for a text, and when there is room again for what was refused. */
function createRoom({ budgets, all, roomAgain }: RoomDeps) {
  const open = budgets.serverBytes - budgets.reservedBytes;
  /** The largest that `all.bytes` would have had to stay within for a text that was refused. */
  let refusedAt = 0;
  return {
    /** `isShared`: another Namespace has the text, so that it takes nothing of the server's budget. */
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
    /** An eighth of the budget must be free, or every text that goes would have all objects read again. */
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

/** True: nobody uses the text any more. */
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
 * V8 hashes a text of more than 16,383 characters by its length alone (String::kMaxHashCalcLength): as keys of a Map, long
 * texts of one length would all be compared with each other.
 */
function keyOf(text: string): string {
  return text.length <= LONGEST_KEY && !text.startsWith(DIGEST) ? text : DIGEST + hash('sha256', text);
}

/** Of memory: V8 takes two bytes for each character of a text with any that is not Latin-1. */
function costOf(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : text.length * 2;
}

function tooLong(text: string, { budget, leftBytes }: NoRoom): TooLong {
  return { tooLongBytes: Buffer.byteLength(text), limitBytes: Math.max(0, leftBytes), budget };
}
