import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { AgentMemory } from '../memory/memory.ts';
import { createTokenKeys, LONGEST_TTL_SECONDS, TAG_BYTES } from './token-keys.ts';
import type { SavedTokens, SigningKey, TokenKey } from './token-keys.ts';

/** The caller that requests or presents a token. */
export interface TokenBearer {
  /** Canonical source address. */
  readonly ip: string;
  /** UID of the Pod that owns the address; undefined if not known. */
  readonly uid?: string | undefined;
}

export interface Tokens {
  mint(bearer: TokenBearer & { readonly ttlSeconds: number }): string;
  check(token: string, bearer: TokenBearer): 'ok' | 'invalid';
  /**
   * Sets the feed's keys: the first signs, all are accepted. A former key is accepted only if this agent signed with it, and
   * only while those tokens are valid: a replica with another secret must not invalidate them.
   */
  readonly setKeys: (keys: readonly TokenKey[]) => void;
  readonly kept: () => SavedTokens;
}

export interface TokensDeps {
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'schedule'>;
  readonly memory?: AgentMemory;
  readonly randomBytes: (size: number) => Uint8Array;
  /** From a previous process, whose tokens are accepted. */
  readonly kept?: SavedTokens | undefined;
  /** Called when `kept` changes. */
  readonly changed?: () => void;
}

/** A token that was verified, and for whom. */
interface Found {
  readonly ip: string;
  readonly uid: string | undefined;
  readonly expiry: number;
}

/** Layout of a token before base64url, in bytes: version, key, expiry (ms), whether bound to a UID, UID, serial, code. */
const AT = { key: 1, expiry: 5, bound: 11, uid: 12, serial: 20, code: 24, end: 48 } as const;
const VERSION = 1;
const SHAPE = /^[A-Za-z0-9_-]{64}$/;
/**
 * Verified tokens that are remembered: a node's Pods use some hundreds. Beyond it the oldest of the Pod with the most is
 * dropped.
 */
const MOST_FOUND = 2_048;
const NO_UID = Buffer.alloc(AT.serial - AT.uid);

/**
 * The agent's own IMDSv2 tokens. They are stateless, so they outlive the process as long as its keys do. Bound to the source
 * address, and to the Pod's UID if it is known when the token is made.
 */
export function createTokens(deps: TokensDeps): Tokens {
  const { clock, randomBytes, kept, changed = () => undefined, memory = createMemory({ clock }) } = deps;
  const keys = createTokenKeys({ clock, randomBytes, kept });
  const found = memory.remember<Found>('tokens', { keepMs: LONGEST_TTL_SECONDS * 1000, most: MOST_FOUND });
  let serial = 0;

  function mint({ ip, uid, ttlSeconds }: TokenBearer & { readonly ttlSeconds: number }): string {
    const key = keys.signing();
    const expiry = clock.now() + ttlSeconds * 1000;
    key.livesUntil = Math.max(key.livesUntil, expiry);
    const token = Buffer.alloc(AT.end);
    token[0] = VERSION;
    key.tag.copy(token, AT.key);
    token.writeUIntBE(expiry, AT.expiry, AT.bound - AT.expiry);
    token[AT.bound] = uid === undefined ? 0 : 1;
    uidTag(uid).copy(token, AT.uid);
    serial = (serial + 1) >>> 0;
    token.writeUInt32BE(serial, AT.serial);
    signatureOf(token, key, ip).copy(token, AT.code);
    return token.toString('base64url');
  }

  function check(token: string, { ip, uid }: TokenBearer): 'ok' | 'invalid' {
    // Holds only valid tokens, so it reveals nothing to a guesser; for another bearer they are verified again.
    const before = found.peek(token);
    if (before?.ip === ip && before.uid === uid && before.expiry > clock.now()) return 'ok';
    const expiry = compute(token, { ip, uid });
    if (expiry === undefined) return 'invalid';
    // Copied, because a slice would keep the whole request head in memory. All addresses without an owner count as one owner.
    found.set(Buffer.from(token, 'latin1').toString('latin1'), { ip, uid, expiry }, uid);
    return 'ok';
  }

  /** When a valid token expires. Milliseconds since the epoch. */
  function compute(text: string, { ip, uid }: TokenBearer): number | undefined {
    if (!SHAPE.test(text)) return undefined;
    const token = Buffer.from(text, 'base64url');
    const key = token[0] === VERSION ? keys.byTag(token.subarray(AT.key, AT.key + TAG_BYTES)) : undefined;
    if (key === undefined) return undefined;
    if (!timingSafeEqual(signatureOf(token, key, ip), token.subarray(AT.code))) return undefined;
    const expiry = token.readUIntBE(AT.expiry, AT.bound - AT.expiry);
    if (expiry <= clock.now()) return undefined;
    // A UID is compared only once the owner of the address is known. A token without one is valid for any owner of the address.
    if (token[AT.bound] === 0 || uid === undefined) return expiry;
    return timingSafeEqual(uidTag(uid), token.subarray(AT.uid, AT.serial)) ? expiry : undefined;
  }

  return {
    mint,
    check,
    setKeys(next) {
      // A stream that begins again brings the same keys.
      if (!keys.set(next)) return;
      found.clear();
      changed();
    },
    kept: keys.kept,
  };
}

/** The seconds of a TTL header: a plain integer from 1 to 21600; undefined for anything else. */
export function parseTtl(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,5}$/.test(value)) return undefined;
  const seconds = Number(value);
  return seconds >= 1 && seconds <= LONGEST_TTL_SECONDS ? seconds : undefined;
}

function signatureOf(token: Buffer, { secret }: SigningKey, ip: string): Buffer {
  return createHmac('sha256', secret)
    .update(token.subarray(0, AT.code))
    .update(ip)
    .digest()
    .subarray(0, AT.end - AT.code);
}

function uidTag(uid: string | undefined): Buffer {
  return uid === undefined ? NO_UID : createHash('sha256').update(uid).digest().subarray(0, NO_UID.length);
}
