import { createHash } from 'node:crypto';
import type { Session } from '../session/session.ts';
import { sessionId } from '../session/session.ts';

/** What STS gives for a session. */
export interface Issued {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, by the clock of STS. */
  readonly expiresAtMs: number;
  /** What they had left when STS answered, whatever this machine's clock says. Milliseconds. */
  readonly lifetimeMs: number;
}

/** Valid credentials of a session, as a reader sees them now. */
export interface IssuedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly expiresAtMs: number;
  /** The whole life that they had. Milliseconds. */
  readonly lifetimeMs: number;
  /** 12 digits, or '' when the role ARN has none. */
  readonly accountId: string;
  /** Names these credentials without giving anything of them away. */
  readonly fingerprint: string;
}

/** 16 hex digits, the same on every replica and agent. */
export function fingerprintOf(session: Session, { accessKeyId, expiresAtMs }: Issued): string {
  const whole = JSON.stringify([sessionId(session), accessKeyId, expiresAtMs]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 16);
}
