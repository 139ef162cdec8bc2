import { hintFor } from '@rolegate/protocol';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { classifyStsError } from './errors.ts';
import type { StsFault } from './errors.ts';

/** How often the server calls GetCallerIdentity, which needs no permission. Milliseconds. */
const CHECK_EVERY_MS = 60_000;

/** calls: credentials that assume Pods' roles. assumedRole: the role of `--assume-role-arn`. own: credentials that assume it. */
export type SigningPart = 'calls' | 'assumedRole' | 'own';

/** Whether STS accepts the server itself. Never the fault of a Pod. */
export interface StsHealth {
  rejected(part: SigningPart, fault: StsFault): void;
  accepted(part: SigningPart): void;
  /** Why the server cannot issue anything, or soon will not; undefined after a success. */
  readonly current: () => StsFault | undefined;
}

const LINES = {
  calls: {
    rejected: "STS rejects the server's credentials",
    accepted: "server's credentials recovered",
  },
  assumedRole: {
    rejected: 'cannot assume the role of --assume-role-arn',
    accepted: 'role of --assume-role-arn recovered',
  },
  own: {
    rejected: 'STS rejects the base credentials for --assume-role-arn',
    accepted: 'base credentials for --assume-role-arn recovered',
  },
} as const;

const NOT_ASSUMED =
  "Let the role of --assume-role-arn trust the server's own identity, and allow that identity sts:AssumeRole on it.";

/** The hint for StsAccessDenied is about the roles of Pods. */
function hintOf(part: SigningPart, { reason }: StsFault): string {
  return part === 'assumedRole' && reason === 'StsAccessDenied' ? NOT_ASSUMED : hintFor(reason);
}

/** Logs each change. */
export function createStsHealth({ log }: { readonly log: Log }): StsHealth {
  const faults = new Map<SigningPart, StsFault>();
  return {
    rejected(part, fault) {
      if (faults.get(part)?.reason !== fault.reason)
        log.error(LINES[part].rejected, {
          reason: fault.reason,
          error: fault.message,
          hint: hintOf(part, fault),
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
  /** Each makes a call with these credentials. */
  readonly checks: Partial<Record<SigningPart, () => Promise<unknown>>>;
  readonly health: StsHealth;
  readonly clock: Clock;
}

/** Checks regularly whether STS accepts the server, before a Pod needs it. Never rejects. */
export function createOwnCredentialsWatch({ checks, health, clock }: OwnCredentialsOptions): Service {
  async function check(part: SigningPart, call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
      health.accepted(part);
    } catch (error) {
      const fault = classifyStsError(error);
      // An unavailable or busy STS says nothing about the credentials.
      if (fault.retry === 'later') health.rejected(part, fault);
    }
  }

  return {
    name: 'own credentials',
    async run(signal) {
      while (!signal.aborted) {
        await Promise.all(Object.entries(checks).map(([part, call]) => check(part as SigningPart, call)));
        await clock.sleep(CHECK_EVERY_MS, signal);
      }
    },
  };
}
