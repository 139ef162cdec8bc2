import { hash } from 'node:crypto';
import type { TooLong } from '../annotations/annotations.ts';
import type { Annotations } from './objects.ts';

/** Texts of annotations that are kept, in bytes of memory (DESIGN.md 4.11). */
const BUDGETS = {
  namespaceBytes: 8 * 1024 * 1024,
  serverBytes: 128 * 1024 * 1024,
  /** Of the server's, for the first texts of each Namespace alone: others that fill the rest take nothing from them. */
  reservedBytes: 32 * 1024 * 1024,
  /** So many of a Namespace's are its first. */
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
  /** What of the annotations has room; it is held until it is released. */
  hold(namespace: string, annotations: Annotations): Annotations;
  /** Of what was held, once. */
  release(namespace: string, annotations: Annotations): void;
  readonly bytes: number;
}

interface Held {
  readonly text: string;
  readonly bytes: number;
  users: number;
}

interface Share {
  bytes: number;
  refused: boolean;
  readonly texts: Map<string, Held>;
}

export function createTexts({ budgets = BUDGETS, spent, roomAgain }: TextsOptions): Texts {
  const open = budgets.serverBytes - budgets.reservedBytes;
  /** Its users are Namespaces. */
  const all = new Map<string, Held>();
  const shares = new Map<string, Share>();
  let bytes = 0;
  /** The largest that `bytes` would have had to stay within for a text that was refused. */
  let refusedAt = 0;

  function shareOf(namespace: string): Share {
    const known = shares.get(namespace);
    if (known !== undefined) return known;
    const share: Share = { bytes: 0, refused: false, texts: new Map() };
    shares.set(namespace, share);
    return share;
  }

  function holdText(share: Share, given: string): string | { spent: SpentBudget; left: TooLong } {
    const key = keyOf(given);
    const known = share.texts.get(key);
    if (known !== undefined) {
      known.users += 1;
      return known.text;
    }
    const shared = all.get(key);
    const cost = shared?.bytes ?? budgets.entryBytes + costOf(given);
    if (share.bytes + cost > budgets.namespaceBytes) {
      share.refused = true;
      return {
        spent: 'namespace_text_bytes',
        left: refusal(given, 'Namespace', budgets.namespaceBytes - share.bytes - budgets.entryBytes),
      };
    }
    const most = share.bytes + cost > budgets.firstBytes ? open : budgets.serverBytes;
    if (shared === undefined && bytes + cost > most) {
      refusedAt = Math.max(refusedAt, most);
      return {
        spent: 'text_bytes',
        left: refusal(given, 'server', most - bytes - budgets.entryBytes),
      };
    }
    const text = shared?.text ?? given;
    if (shared === undefined) {
      all.set(key, { text, bytes: cost, users: 1 });
      bytes += cost;
    } else {
      shared.users += 1;
    }
    share.texts.set(key, { text, bytes: cost, users: 1 });
    share.bytes += cost;
    return text;
  }

  function releaseText(share: Share, text: string): void {
    const key = keyOf(text);
    const held = share.texts.get(key);
    if (held === undefined) return;
    held.users -= 1;
    if (held.users > 0) return;
    share.texts.delete(key);
    share.bytes -= held.bytes;
    const shared = all.get(key);
    if (shared === undefined) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    all.delete(key);
    bytes -= shared.bytes;
  }

  /** An eighth of the budget must be free, or every text that goes would have all objects read again. */
  function lookForRoom(share: Share): void {
    const inShare = share.refused && share.bytes <= (budgets.namespaceBytes / 8) * 7;
    const inAll = refusedAt > 0 && bytes <= (refusedAt / 8) * 7;
    if (!inShare && !inAll) return;
    share.refused &&= !inShare;
    if (inAll) refusedAt = 0;
    roomAgain();
  }

  return {
    hold(namespace, annotations) {
      const entries = Object.entries(annotations);
      if (entries.length === 0) return annotations;
      const share = shareOf(namespace);
      const refusals = new Map<SpentBudget, string[]>();
      const held = entries.map(([key, value]) => {
        const result = typeof value === 'string' ? holdText(share, value) : value;
        if (typeof result === 'string' || !('spent' in result)) return [key, result] as const;
        refusals.set(result.spent, [...(refusals.get(result.spent) ?? []), key]);
        return [key, result.left] as const;
      });
      for (const [budget, keys] of refusals) spent(budget, namespace, keys);
      return Object.fromEntries(held);
    },
    release(namespace, annotations) {
      const share = shares.get(namespace);
      if (share === undefined) return;
      for (const value of Object.values(annotations))
        if (typeof value === 'string') releaseText(share, value);
      lookForRoom(share);
      if (share.texts.size === 0) shares.delete(namespace);
    },
    get bytes() {
      return bytes;
    },
  };
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

function refusal(text: string, budget: 'Namespace' | 'server', left: number): TooLong {
  return { tooLongBytes: Buffer.byteLength(text), limitBytes: Math.max(0, left), budget };
}
