import { createHash } from 'node:crypto';
import { roleArnParts } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Session } from '../session/session.ts';
import { sessionId } from '../session/session.ts';
import { lifeOf } from './lifetimes.ts';
import type { Life, RenewAt } from './lifetimes.ts';
import type { Issued } from './sts/sts.ts';

/** Valid credentials of a session. */
export interface IssuedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly expiresAtMs: number;
  /** Total lifetime, from issue to expiry. Milliseconds. */
  readonly lifetimeMs: number;
  /** 12 digits, or '' if the role ARN has none. */
  readonly accountId: string;
  /** Identifies these credentials without revealing them. */
  readonly fingerprint: string;
}

export interface CachedCredentialsOptions {
  readonly session: Session;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly renewAt: RenewAt;
}

/** One session's credentials, from issue to expiry. */
export interface CachedCredentials {
  /** `atMs`: when STS was asked, on the monotonic clock. */
  readonly put: (issued: Issued, atMs: number) => void;
  /** Drops the secret. */
  readonly drop: () => void;
  /** Drops the secret if it has expired. */
  readonly dropEnded: () => void;
  /** Undefined if there are no valid credentials. */
  readonly life: () => Life | undefined;
  readonly current: () => IssuedCredentials | undefined;
}

export function createCachedCredentials(options: CachedCredentialsOptions): CachedCredentials {
  const { session, clock, random, renewAt } = options;
  let cached: { readonly issued: Issued; readonly life: Life } | undefined;

  const valid = () => (cached !== undefined && cached.life.endsAtMs > clock.monotonic() ? cached : undefined);

  return {
    put(issued, atMs) {
      const { lifetimeMs } = issued;
      cached = { issued, life: lifeOf({ remainingMs: lifetimeMs, lifetimeMs, atMs, renewAt, random }) };
    },
    drop() {
      cached = undefined;
    },
    dropEnded() {
      cached = valid();
    },
    life: () => valid()?.life,
    current() {
      const found = valid();
      return found && readable(session, found.issued, clock.now() + found.life.endsAtMs - clock.monotonic());
    },
  };
}

/** `expiresAtMs` is computed from the monotonic clock, because the wall clock may be wrong or jump. */
function readable(session: Session, issued: Issued, expiresAtMs: number): IssuedCredentials {
  const { accessKeyId, secretAccessKey, sessionToken, lifetimeMs } = issued;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    lifetimeMs,
    expiresAtMs: Math.floor(expiresAtMs),
    accountId: roleArnParts(session.roleArn).accountId,
    fingerprint: fingerprintOf(session, issued),
  };
}

/** 16 hex digits, the same on every replica and agent. */
function fingerprintOf(session: Session, { accessKeyId, expiresAtMs }: Issued): string {
  const whole = JSON.stringify([sessionId(session), accessKeyId, expiresAtMs]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 16);
}
