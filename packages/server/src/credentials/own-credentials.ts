import type { Clock, Service } from '@rolegate/runtime';
import type { OwnCondition, OwnPart } from './sts/health.ts';
import type { OwnKey } from './sts/own-key.ts';
import { classifyStsError } from './sts/errors.ts';

/** How often STS is asked who the server is, which anybody may ask. Milliseconds. */
const LOOK_EVERY_MS = 60_000;

export interface OwnCredentialsOptions {
  /** Who asks, as what. */
  readonly looks: Partial<Record<OwnPart, () => Promise<unknown>>>;
  readonly condition: OwnCondition;
  readonly clock: Clock;
}

/** Finds out in quiet times as well whether STS takes the server, before a Pod needs it. Never rejects. */
export function createOwnCredentialsWatch({ looks, condition, clock }: OwnCredentialsOptions): Service {
  async function look(part: OwnPart, ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask();
      condition.good(part);
    } catch (error) {
      const fault = classifyStsError(error);
      // STS being away, or too busy, says nothing of who asks.
      if (fault.retry === 'later') condition.failed(part, fault);
    }
  }

  return {
    name: 'own credentials',
    async run(signal) {
      while (!signal.aborted) {
        await Promise.all(Object.entries(looks).map(([part, ask]) => look(part as OwnPart, ask)));
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    },
  };
}

/** Seconds that a key has left; undefined for a permanent one, or while there is none. */
export function secondsLeftOf(key: OwnKey | undefined, clock: Clock): number | undefined {
  return key?.expiresAtMs === undefined ? undefined : (key.expiresAtMs - clock.now()) / 1000;
}
