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

/** The role that the server assumes before those of Pods. */
export interface AssumedRole {
  /** A provider of credentials as the SDK takes them. Rejects while there are none, at once once that is known. */
  readonly provider: Provider;
  /** Seconds; undefined while there are none. */
  readonly secondsLeft: () => number | undefined;
  /** Renews in good time, until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

type Key = Pick<Issued, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>;

interface Provider {
  (options?: { readonly forceRefresh?: boolean }): Promise<Key>;
  /** To the SDK: it is asked again for each call. */
  readonly memoized: true;
}

/** Credentials that are good stay in use for as long as they live, whatever becomes of their renewal. */
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
      health.rejected('assumedRole', { ...fault, reason: 'ServerCredentials', retry: 'later' });
    }
  }

  /** However many ask. */
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
    if (found === undefined) throw notGiven(fault);
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

function notGiven(fault: StsFault | undefined): Error {
  const message = `the role of --assume-role-arn is not given: ${fault?.message ?? 'it has ended'}`;
  return Object.assign(new Error(message), { name: 'CredentialsProviderError' });
}
