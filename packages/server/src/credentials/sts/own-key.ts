import type { STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '@rolegate/runtime';
import { classifyStsError } from './errors.ts';

/** The key that signs calls. */
export interface OwnKey {
  readonly accessKeyId: string;
  /** Milliseconds since the epoch, from the provider; undefined for a permanent key. */
  readonly expiresAtMs: number | undefined;
  /** The key is in this process's environment, so it never changes. */
  readonly fixed: boolean;
}

/** A client's own credentials. */
export interface OwnKeys {
  /** Rejects with an error name that STS never uses. */
  readonly current: () => Promise<OwnKey>;
  /** Bypasses every cache; one fetch at a time, at most every 10 s. */
  readonly refreshed: () => Promise<OwnKey>;
  /** The last known key. */
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
      // The source of the credentials, which the SDK's types do not have.
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

/** Errors of the provider look like errors of STS, such as AccessDenied, so they get a distinct name. */
function ownFault(cause: unknown): Error {
  const { message } = classifyStsError(cause);
  const name = 'CredentialsProviderError';
  const text = message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
  return Object.assign(new Error(text, { cause }), { name });
}

/** Seconds until the key expires; undefined for a permanent key, or while there is none. */
export function secondsLeftOf(key: OwnKey | undefined, clock: Clock): number | undefined {
  return key?.expiresAtMs === undefined ? undefined : (key.expiresAtMs - clock.now()) / 1000;
}
