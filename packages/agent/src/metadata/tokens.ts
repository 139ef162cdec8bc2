import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '@rolegate/runtime';

/** One key of the node's ring, as the feed brings it. */
export interface TokenKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** Who asks for or shows a token. */
export interface TokenBearer {
  /** Canonical source address. */
  readonly ip: string;
  /** UID of the Pod that holds the address; undefined while that is not known. */
  readonly uid?: string | undefined;
}

export interface Tokens {
  mint(bearer: TokenBearer & { readonly ttlSeconds: number }): string;
  check(token: string, bearer: TokenBearer): 'ok' | 'invalid';
  /** The feed's keys: the first signs, all are honoured, and those of before no longer. */
  readonly setKeys: (keys: readonly TokenKey[]) => void;
}

export interface TokensDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly randomBytes: (size: number) => Uint8Array;
}

interface Key {
  readonly tag: Buffer;
  readonly secret: KeyObject;
}

/** A token that was found good, and for whom. */
interface Found {
  readonly ip: string;
  readonly uid: string | undefined;
  readonly expiry: number;
}

/** The longest life that IMDSv2 grants: 6 hours. Seconds. */
export const LONGEST_TTL_SECONDS = 21_600;

/** Shorter secrets sign nothing. Bytes. */
const SHORTEST_SECRET = 16;
/** Layout of a token before its base64url, in bytes: version, key, expiry (ms), bound to a UID, UID, serial, code. */
const AT = { key: 1, expiry: 5, bound: 11, uid: 12, serial: 20, code: 24, end: 48 } as const;
const VERSION = 1;
const SHAPE = /^[A-Za-z0-9_-]{64}$/;
/** Tokens that are not computed again: a node's Pods use some hundreds. */
const MOST_FOUND = 2_048;
const NO_UID = Buffer.alloc(AT.serial - AT.uid);

/**
 * IMDSv2 tokens of the agent's own: nothing is kept of them, so they outlive the process as long as its keys do. Bound to the
 * source address, and to the Pod's UID where it is known when the token is made.
 */
export function createTokens({ clock, randomBytes }: TokensDeps): Tokens {
  const own: Key = { tag: tagOf('own'), secret: createSecretKey(randomBytes(32)) };
  const found = new Map<string, Found>();
  let ownLivesUntil = 0;
  let fed: readonly Key[] = [];
  let serial = 0;

  function mint({ ip, uid, ttlSeconds }: TokenBearer & { readonly ttlSeconds: number }): string {
    const key = fed[0] ?? own;
    const expiry = clock.now() + ttlSeconds * 1000;
    if (key === own) ownLivesUntil = Math.max(ownLivesUntil, expiry);
    const token = Buffer.alloc(AT.end);
    token[0] = VERSION;
    key.tag.copy(token, AT.key);
    token.writeUIntBE(expiry, AT.expiry, AT.bound - AT.expiry);
    token[AT.bound] = uid === undefined ? 0 : 1;
    uidTag(uid).copy(token, AT.uid);
    serial = (serial + 1) >>> 0;
    token.writeUInt32BE(serial, AT.serial);
    codeOf(token, key, ip).copy(token, AT.code);
    return token.toString('base64url');
  }

  function check(token: string, { ip, uid }: TokenBearer): 'ok' | 'invalid' {
    // Only tokens that were good are in it, so it tells a guesser nothing; for another bearer they are computed anew.
    const before = found.get(token);
    if (before?.ip === ip && before.uid === uid && before.expiry > clock.now()) return 'ok';
    const expiry = compute(token, { ip, uid });
    if (expiry === undefined) return 'invalid';
    if (found.size >= MOST_FOUND) found.clear();
    found.set(token, { ip, uid, expiry });
    return 'ok';
  }

  /** When a good token expires. Milliseconds since the epoch. */
  function compute(text: string, { ip, uid }: TokenBearer): number | undefined {
    if (!SHAPE.test(text)) return undefined;
    const token = Buffer.from(text, 'base64url');
    const key = token[0] === VERSION ? keyOf(token) : undefined;
    if (key === undefined) return undefined;
    if (!timingSafeEqual(codeOf(token, key, ip), token.subarray(AT.code))) return undefined;
    const expiry = token.readUIntBE(AT.expiry, AT.bound - AT.expiry);
    if (expiry <= clock.now()) return undefined;
    // A UID is compared only once the address's is known; a token without one is good for whoever holds the address then.
    if (token[AT.bound] === 0 || uid === undefined) return expiry;
    return timingSafeEqual(uidTag(uid), token.subarray(AT.uid, AT.serial)) ? expiry : undefined;
  }

  function keyOf(token: Buffer): Key | undefined {
    const tag = token.subarray(AT.key, AT.expiry);
    const key = fed.find((candidate) => candidate.tag.equals(tag));
    if (key !== undefined) return key;
    const ownCounts = fed.length === 0 || clock.now() < ownLivesUntil;
    return ownCounts && own.tag.equals(tag) ? own : undefined;
  }

  return {
    mint,
    check,
    setKeys(keys) {
      found.clear();
      fed = keys
        .filter(({ secret }) => secret.length >= SHORTEST_SECRET)
        .map(({ id, secret }) => ({ tag: tagOf(`fed ${id}`), secret: createSecretKey(secret) }));
    },
  };
}

/** Seconds of a TTL header: a plain integer from 1 to 21600; undefined for everything else. */
export function parseTtl(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,5}$/.test(value)) return undefined;
  const seconds = Number(value);
  return seconds >= 1 && seconds <= LONGEST_TTL_SECONDS ? seconds : undefined;
}

function codeOf(token: Buffer, { secret }: Key, ip: string): Buffer {
  return createHmac('sha256', secret)
    .update(token.subarray(0, AT.code))
    .update(ip)
    .digest()
    .subarray(0, AT.end - AT.code);
}

function uidTag(uid: string | undefined): Buffer {
  return uid === undefined ? NO_UID : createHash('sha256').update(uid).digest().subarray(0, NO_UID.length);
}

function tagOf(id: string): Buffer {
  return createHash('sha256')
    .update(id)
    .digest()
    .subarray(0, AT.expiry - AT.key);
}
