import type { Clock } from '@rolegate/runtime';
import type { Issued } from './cached-credentials.ts';
import { lifeOf } from './lifetimes.ts';
import type { Life, RenewAt } from './lifetimes.ts';
import type { OwnCondition } from './sts/health.ts';
import { retryPauseMs } from './retries.ts';
import { classifyStsError } from './sts/errors.ts';
import type { StsFault } from './sts/errors.ts';

export interface AssumedRoleOptions {
  /** Assumes the role, once. */
  readonly assume: () => Promise<Issued>;
  readonly renewAt: RenewAt;
  readonly condition: OwnCondition;
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

interface Provider {
  (options?: { readonly forceRefresh?: boolean }): Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  }>;
  /** To the SDK: it is asked anew for each call. */
  readonly memoized: true;
}

/** Credentials that are good stay in use for as long as they live, whatever becomes of their renewal. */
export function createAssumedRole(options: AssumedRoleOptions): AssumedRole {
  const { assume, condition, clock, random, renewAt } = options;
  let kept: { readonly issued: Issued; readonly life: Life } | undefined;
  let fault: StsFault | undefined;
  let failures = 0;
  let attempt: Promise<void> | undefined;

  const valid = () => (kept !== undefined && kept.life.endsAtMs > clock.monotonic() ? kept : undefined);

  async function tryOnce(): Promise<void> {
    const atMs = clock.monotonic();
    try {
      const issued = await assume();
      const { lifetimeMs } = issued;
      kept = { issued, life: lifeOf({ remainingMs: lifetimeMs, lifetimeMs, atMs, renewAt, random }) };
      fault = undefined;
      failures = 0;
      condition.good('assumedRole');
    } catch (error) {
      fault = classifyStsError(error);
      failures += 1;
      condition.failed('assumedRole', { ...fault, reason: 'ServerCredentials', retry: 'later' });
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
    return Math.max(0, (kept?.life.renewAtMs ?? 0) - clock.monotonic());
  }

  async function provide({ forceRefresh = false } = {}) {
    if (forceRefresh || (valid() === undefined && (fault === undefined || attempt !== undefined)))
      await renew();
    const held = valid();
    if (held === undefined) throw notGiven(fault);
    const { accessKeyId, secretAccessKey, sessionToken } = held.issued;
    return { accessKeyId, secretAccessKey, sessionToken };
  }

  return {
    provider: Object.assign(provide, { memoized: true as const }),
    secondsLeft() {
      const held = valid();
      return held && (held.life.endsAtMs - clock.monotonic()) / 1000;
    },
    async run(signal) {
      while (!signal.aborted) {
        if (kept === undefined || fault !== undefined || pauseMs() === 0) await renew();
        await clock.sleep(pauseMs(), signal);
      }
    },
  };
}

function notGiven(fault: StsFault | undefined): Error {
  const message = `the role of --assume-role-arn is not given: ${fault?.message ?? 'it has ended'}`;
  return Object.assign(new Error(message), { name: 'CredentialsProviderError' });
}
