import type { IssuerKeysRead } from '@rolegate/protocol';
import { createChanges } from '@rolegate/runtime';
import type { Changes, Clock, Log } from '@rolegate/runtime';
import { readPublicKey } from './algorithms.ts';
import type { VerificationKey } from './algorithms.ts';
import { LONGEST_ISSUER } from './claims.ts';
import { createKeysLog } from './issuer-keys-log.ts';
import { createLastVouched } from './last-vouched.ts';
import type { Vouched } from './last-vouched.ts';
import { LONGEST_KEY_ID } from './parse-token.ts';

/** More than any cluster has, even while keys are rotated. What is beyond is ignored. */
const MOST_KEYS = 64;
const MOST_ISSUERS = 16;
/** An RSA key of 8,192 bits has 1,062 bytes. */
const LONGEST_KEY_BYTES = 2_048;

/** How often it is noted that the feed is connected. Milliseconds. */
const CHECK_MS = 60_000;

/** A key of the API server. */
export interface IssuerKey extends VerificationKey {
  /** As in the header of the tokens. */
  readonly id: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

/** The keys as another process can use them. */
export interface SavedIssuerKeys {
  readonly issuers: readonly string[];
  readonly keys: readonly Pick<IssuerKey, 'id' | 'publicKey'>[];
  readonly vouched: Vouched;
}

/** `outdated`: for 24 hours no server has said that they are the API server's keys. */
export type KeysCondition = 'none' | 'current' | 'outdated';

/** The keys and issuers of the cluster's ServiceAccount tokens. */
export interface IssuerKeys {
  /** A server has sent all keys. */
  readonly set: (sent: IssuerKeysRead) => void;
  /** A stream has begun. Until its server sends keys, it says nothing about those that are held. */
  readonly streamBegan: () => void;
  readonly condition: () => KeysCondition;
  /** Undefined unless the keys are current. */
  readonly find: (id: string, issuer: string) => IssuerKey | undefined;
  /** How many keys are held. */
  readonly count: () => number;
  /** Undefined before the first. */
  readonly kept: () => SavedIssuerKeys | undefined;
  readonly onChange: Changes['on'];
  /** Notes and logs when the keys become outdated. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface IssuerKeysDeps {
  /** From a previous process. */
  readonly kept: SavedIssuerKeys | undefined;
  readonly feedConnected: () => boolean;
  /** Called if what should be kept has changed. */
  readonly changed: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface KeySet {
  readonly issuers: ReadonlySet<string>;
  readonly keys: ReadonlyMap<string, IssuerKey>;
}

/** Keys from the feed, or from a previous process until a feed has sent some. */
export function createIssuerKeys({ kept, feedConnected, changed, clock, log }: IssuerKeysDeps): IssuerKeys {
  const changes = createChanges({ log, of: 'issuer keys' });
  const keysLog = createKeysLog(log);
  let current = kept && readKeys(kept, undefined, keysLog.skipped);
  const vouched = createLastVouched({ kept: kept?.vouched, feedConnected, clock });

  function condition(): KeysCondition {
    if (current === undefined) return 'none';
    const is = vouched.isRecent() ? 'current' : 'outdated';
    keysLog.condition(is);
    return is;
  }

  return {
    set(sent) {
      const before = current;
      current = readKeys(sent, before, keysLog.skipped);
      vouched.now();
      condition();
      if (before === undefined || !isSame(before, current)) {
        keysLog.changed([...current.issuers], current.keys.size);
        changed();
      }
      // Even if nothing has changed: outdated keys are current again.
      changes.notify();
    },
    streamBegan: vouched.streamBegan,
    condition,
    find(id, issuer) {
      if (condition() !== 'current' || current?.issuers.has(issuer) !== true) return undefined;
      return current.keys.get(id);
    },
    count: () => current?.keys.size ?? 0,
    kept() {
      const last = vouched.last();
      if (current === undefined || last === undefined) return undefined;
      const keys = [...current.keys.values()].map(({ id, publicKey }) => ({ id, publicKey }));
      return { issuers: [...current.issuers], keys, vouched: last };
    },
    onChange: changes.on,
    async run(signal) {
      while (!signal.aborted) {
        condition();
        await clock.sleep(CHECK_MS, signal);
      }
    },
  };
}

/** Keeps the key objects that are still there: what was verified with them stays verified. */
function readKeys(
  { issuers, keys }: Pick<SavedIssuerKeys, 'issuers' | 'keys'>,
  before: KeySet | undefined,
  skipped: (ids: readonly string[]) => void,
): KeySet {
  const read = new Map<string, IssuerKey>();
  const unusable: string[] = [];
  for (const { id, publicKey } of keys) {
    const key = read.size < MOST_KEYS ? readKey(id, publicKey, before?.keys.get(id)) : undefined;
    if (key === undefined) unusable.push(id.slice(0, LONGEST_KEY_ID));
    else read.set(id, key);
  }
  skipped(unusable.slice(0, MOST_KEYS));
  const accepted = issuers.filter((issuer) => issuer !== '' && issuer.length <= LONGEST_ISSUER);
  return { issuers: new Set(accepted.slice(0, MOST_ISSUERS)), keys: read };
}

function readKey(id: string, publicKey: Buffer, before: IssuerKey | undefined): IssuerKey | undefined {
  if (before?.publicKey.equals(publicKey) === true) return before;
  if (id === '' || id.length > LONGEST_KEY_ID || publicKey.length > LONGEST_KEY_BYTES) return undefined;
  const key = readPublicKey(publicKey);
  return key && { id, publicKey: Buffer.from(publicKey), ...key };
}

function isSame(one: KeySet, other: KeySet): boolean {
  return (
    one.keys.size === other.keys.size &&
    one.issuers.size === other.issuers.size &&
    [...one.keys].every(([id, key]) => other.keys.get(id) === key) &&
    [...one.issuers].every((issuer) => other.issuers.has(issuer))
  );
}
