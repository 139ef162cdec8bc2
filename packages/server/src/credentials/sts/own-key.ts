import type { STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '@rolegate/runtime';
import { classifyStsError } from './errors.ts';

/** What calls are signed with. */
export interface OwnKey {
  readonly accessKeyId: string;
  /** Milliseconds since the epoch, as their giver says; undefined for a permanent key. */
  readonly expiresAtMs: number | undefined;
  /** They are variables of this process, and so never change. */
  readonly fixed: boolean;
}

/** Of a client's own credentials, as its provider gives them. */
export interface OwnKeys {
  /** Rejects with a name that no answer of STS has. */
  readonly current: () => Promise<OwnKey>;
  /** Fetched past every cache, in a single flight, at most every ten seconds. */
  readonly refreshed: () => Promise<OwnKey>;
  /** As they were seen last. */
  readonly seen: () => OwnKey | undefined;
}

/** If STS refuses the server's own credentials, they are fetched again at most this often. Milliseconds. */
const REFRESH_PAUSE_MS = 10_000;

export function createOwnKeys(client: STSClient, clock: Clock): OwnKeys {
  let seen: OwnKey | undefined;
  let latest: { readonly atMs: number; readonly key: Promise<OwnKey> } | undefined;

  async function fetch(forceRefresh: boolean): Promise<OwnKey> {
    try {
      const { accessKeyId, expiration, ...rest } = await client.config.credentials({ forceRefresh });
      // Where the SDK has found them; not in its types.
      const { $source = {} } = rest as { readonly $source?: object };
      seen = { accessKeyId, expiresAtMs: expiration?.getTime(), fixed: 'CREDENTIALS_ENV_VARS' in $source };
      return seen;
    } catch (cause) {
      throw ownFault(cause);
    }
  }

  return {
    current: () => fetch(false),
    refreshed() {
      const now = clock.monotonic();
      if (latest === undefined || now - latest.atMs >= REFRESH_PAUSE_MS)
        latest = { atMs: now, key: fetch(true) };
      return latest.key;
    },
    seen: () => seen,
  };
}

/** The provider's own failures look like any error of STS, AccessDenied included: they get a name of their own. */
function ownFault(cause: unknown): Error {
  const { message } = classifyStsError(cause);
  const name = 'CredentialsProviderError';
  const text = message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
  return Object.assign(new Error(text, { cause }), { name });
}

/** Seconds that a key has left; undefined for a permanent one, or while there is none. */
export function secondsLeftOf(key: OwnKey | undefined, clock: Clock): number | undefined {
  return key?.expiresAtMs === undefined ? undefined : (key.expiresAtMs - clock.now()) / 1000;
}
