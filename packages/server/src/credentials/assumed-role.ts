import type { Clock } from '@rolegate/runtime';
import { lifeOf } from './lifetimes.ts';
import type { Life, RenewAt } from './lifetimes.ts';
import { retryPauseMs } from './retries.ts';
import { classifyStsError } from './sts/errors.ts';
import type { StsFault } from './sts/errors.ts';
import type { StsHealth } from './sts/health.ts';
import type { Issued } from './sts/sts.ts';

export interface AssumedRoleOptions {
  /** Assumes the role, once. */
  readonly assume: () => Promise<Issued>;
  readonly renewAt: RenewAt;
  readonly health: StsHealth;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The role of `--assume-role-arn`, which the server assumes before those of Pods. */
export interface AssumedRole {
  /** A credentials provider for the SDK. Rejects while there are none; does not wait after a failure. */
  readonly provider: Provider;
  /** Seconds; undefined while there are none. */
  readonly secondsLeft: () => number | undefined;
  /** Renews the credentials before they expire, until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

type Key = Pick<Issued, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>;

interface Provider {
  (options?: { readonly forceRefresh?: boolean }): Promise<Key>;
  /** Tells the SDK to call it for each request. */
  readonly memoized: true;
}

/** Valid credentials stay in use until they expire, even if their renewal fails. */
export function createAssumedRole(options: AssumedRoleOptions): AssumedRole {
  const { assume, health, clock, random, renewAt } = options;
  let cached: { readonly issued: Issued; readonly life: Life } | undefined;
  let fault: StsFault | undefined;
  let failures = 0;
  let attempt: Promise<void> | undefined;

  const valid = () => (cached !== undefined && cached.life.endsAtMs > clock.monotonic() ? cached : undefined);

  async function tryOnce(): Promise<void> {
    const atMs = clock.monotonic();
    try {
      const issued = await assume();
      const { lifetimeMs } = issued;
      cached = { issued, life: lifeOf({ remainingMs: lifetimeMs, lifetimeMs, atMs, renewAt, random }) };
      fault = undefined;
      failures = 0;
      health.accepted('assumedRole');
    } catch (error) {
      fault = classifyStsError(error);
      failures += 1;
      // While there are valid credentials, an unavailable or busy STS says nothing about them.
      if (fault.retry === 'soon' && valid() !== undefined) return;
      health.rejected('assumedRole', { ...fault, reason: 'ServerCredentials', retry: 'later' });
    }
  }

  /** One attempt at a time, however many callers wait for it. */
  function renew(): Promise<void> {
    attempt ??= tryOnce().finally(() => {
      attempt = undefined;
    });
    return attempt;
  }

  function pauseMs(): number {
    if (fault !== undefined) return retryPauseMs('later', failures, random);
    return Math.max(0, (cached?.life.renewAtMs ?? 0) - clock.monotonic());
  }

  async function provide({ forceRefresh = false } = {}) {
    if (forceRefresh || (valid() === undefined && (fault === undefined || attempt !== undefined)))
      await renew();
    const found = valid();
    if (found === undefined) throw noCredentials(fault);
    return keyOf(found.issued);
  }

  return {
    provider: Object.assign(provide, { memoized: true as const }),
    secondsLeft() {
      const found = valid();
      return found && (found.life.endsAtMs - clock.monotonic()) / 1000;
    },
    async run(signal) {
      while (!signal.aborted) {
        if (cached === undefined || fault !== undefined || pauseMs() === 0) await renew();
        await clock.sleep(pauseMs(), signal);
      }
    },
  };
}

function keyOf({ accessKeyId, secretAccessKey, sessionToken }: Issued): Key {
  return { accessKeyId, secretAccessKey, sessionToken };
}

function noCredentials(fault: StsFault | undefined): Error {
  const message = `no credentials of the role of --assume-role-arn: ${fault?.message ?? 'they have expired'}`;
  return Object.assign(new Error(message), { name: 'CredentialsProviderError' });
}
