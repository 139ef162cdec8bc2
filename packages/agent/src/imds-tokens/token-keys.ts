import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '@rolegate/runtime';

/** One key of the node's ring, from the feed. */
export interface TokenKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** A key that signs tokens or has signed some. */
export interface SigningKey {
  readonly tag: Buffer;
  readonly secret: KeyObject;
  /** When the last token signed with it by this agent expires. Milliseconds since the epoch. */
  livesUntil: number;
}

/** A key with its secret in plain text. */
export interface SavedTokenKey {
  readonly tag: Buffer;
  readonly secret: Buffer;
  /** Milliseconds since the epoch. */
  readonly livesUntilMs: number;
}

/** All that tokens depend on: with it another process accepts this one's tokens. */
export interface SavedTokens {
  readonly own: SavedTokenKey;
  readonly fed: readonly SavedTokenKey[];
  readonly former: readonly SavedTokenKey[];
}

export interface TokenKeysDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly randomBytes: (size: number) => Uint8Array;
  /** From a previous process. */
  readonly kept?: SavedTokens | undefined;
}

export interface TokenKeys {
  readonly signing: () => SigningKey;
  /** A key that is currently accepted. */
  readonly byTag: (tag: Buffer) => SigningKey | undefined;
  /** Returns whether they differ from those set before. */
  readonly set: (keys: readonly TokenKey[]) => boolean;
  readonly kept: () => SavedTokens;
}

/** The longest life that IMDSv2 grants: 6 hours. Seconds. */
export const LONGEST_TTL_SECONDS = 21_600;
export const TAG_BYTES = 4;
/** Shorter secrets are never used to sign. Bytes. */
const SHORTEST_SECRET = 16;
/** Keys accepted only for tokens that are still valid. */
const MOST_FORMER = 8;

/** The feed's keys, the agent's own key until the first feed, and those of tokens that are still valid. */
export function createTokenKeys({ clock, randomBytes, kept }: TokenKeysDeps): TokenKeys {
  const own = kept === undefined ? keyFrom('own', randomBytes(32), []) : restored(kept.own);
  let fed: readonly SigningKey[] = kept?.fed.map(restored) ?? [];
  let former: readonly SigningKey[] = kept?.former.map(restored) ?? [];
  // The previous process signed with it until it ended.
  if (kept !== undefined) signing().livesUntil = clock.now() + LONGEST_TTL_SECONDS * 1000;

  function signing(): SigningKey {
    return fed[0] ?? own;
  }

  return {
    signing,
    byTag(tag) {
      const live = former.filter(({ livesUntil }) => clock.now() < livesUntil);
      return [...(fed.length === 0 ? [own] : fed), ...live].find((key) => key.tag.equals(tag));
    },
    set(keys) {
      const previous = fed;
      const before = previous.length === 0 ? [own] : previous;
      fed = keys
        .filter(({ secret }) => secret.length >= SHORTEST_SECRET)
        .map(({ id, secret }) => keyFrom(id, secret, [...before, ...former]));
      former = [...before, ...former]
        .filter((key) => !fed.includes(key) && clock.now() < key.livesUntil)
        .slice(0, MOST_FORMER);
      return fed.length !== previous.length || fed.some((key, at) => key !== previous[at]);
    },
    kept: () => ({ own: keptOf(own), fed: fed.map(keptOf), former: former.map(keptOf) }),
  };
}

/** Returns the existing key if there is one: tokens signed with it stay valid. */
function keyFrom(id: string, secret: Uint8Array, known: readonly SigningKey[]): SigningKey {
  const key = { tag: tagOf(id, secret), secret: createSecretKey(secret), livesUntil: 0 };
  return known.find(({ tag }) => tag.equals(key.tag)) ?? key;
}

/** Distinguishes keys: replicas that do not share a secret use the same IDs. */
function tagOf(id: string, secret: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(id).digest().subarray(0, TAG_BYTES);
}

function keptOf({ tag, secret, livesUntil }: SigningKey): SavedTokenKey {
  return { tag, secret: secret.export(), livesUntilMs: livesUntil };
}

function restored({ tag, secret, livesUntilMs }: SavedTokenKey): SigningKey {
  return { tag, secret: createSecretKey(secret), livesUntil: livesUntilMs };
}
