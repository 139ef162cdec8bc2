import { reasons } from '@rolegate/protocol';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { classifyStsError } from './errors.ts';
import type { StsFault } from './errors.ts';

/** How often STS is asked who the server is, which anybody may ask. Milliseconds. */
const LOOK_EVERY_MS = 60_000;

/** calls: what Pods' roles are asked with. assumedRole: `--assume-role-arn`. own: what that one is assumed with. */
export type SigningPart = 'calls' | 'assumedRole' | 'own';

/** Whether STS accepts the server itself. Never a Pod's fault. */
export interface StsHealth {
  rejected(part: SigningPart, fault: StsFault): void;
  accepted(part: SigningPart): void;
  /** What keeps the server from issuing anything, or soon will; until a call succeeds. */
  readonly current: () => StsFault | undefined;
}

const LINES = {
  calls: {
    rejected: "STS rejects the server's credentials",
    accepted: "STS accepts the server's credentials again",
  },
  assumedRole: {
    rejected: 'cannot assume the role of --assume-role-arn',
    accepted: 'can assume the role of --assume-role-arn again',
  },
  own: {
    rejected: 'STS rejects the credentials for --assume-role-arn',
    accepted: 'STS accepts the credentials for --assume-role-arn again',
  },
} as const;

/** One line for each change of what fails. */
export function createStsHealth({ log }: { readonly log: Log }): StsHealth {
  const faults = new Map<SigningPart, StsFault>();
  return {
    rejected(part, fault) {
      if (faults.get(part)?.reason !== fault.reason)
        log.error(LINES[part].rejected, {
          reason: fault.reason,
          error: fault.message,
          hint: reasons[fault.reason].remedy,
        });
      faults.set(part, fault);
    },
    accepted(part) {
      const before = faults.get(part);
      faults.delete(part);
      if (before !== undefined) log.info(LINES[part].accepted, { reason: before.reason });
    },
    current: () => faults.get('calls') ?? faults.get('assumedRole') ?? faults.get('own'),
  };
}

export interface OwnCredentialsOptions {
  /** Who asks, as what. */
  readonly looks: Partial<Record<SigningPart, () => Promise<unknown>>>;
  readonly health: StsHealth;
  readonly clock: Clock;
}

/** Finds out in quiet times as well whether STS accepts the server, before a Pod needs it. Never rejects. */
export function createOwnCredentialsWatch({ looks, health, clock }: OwnCredentialsOptions): Service {
  async function look(part: SigningPart, ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask();
      health.accepted(part);
    } catch (error) {
      const fault = classifyStsError(error);
      // STS being away, or too busy, says nothing of who asks.
      if (fault.retry === 'later') health.rejected(part, fault);
    }
  }

  return {
    name: 'own credentials',
    async run(signal) {
      while (!signal.aborted) {
        await Promise.all(Object.entries(looks).map(([part, ask]) => look(part as SigningPart, ask)));
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    },
  };
}
