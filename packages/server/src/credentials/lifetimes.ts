import type { Clock } from '@rolegate/runtime';

/** When credentials are renewed: between these shares of their life, so that a crowd spreads (DESIGN.md 1). */
export interface RenewAt {
  readonly from: number;
  readonly to: number;
}

/** DESIGN.md 1: leaves 31 minutes of an hour, 26 of the shortest session. */
export const RENEW_AT: RenewAt = { from: 0.4, to: 0.48 };

/** A session that no Pod has asked for in this time is not renewed (DESIGN.md 4.10). Milliseconds. */
export const UNUSED_AFTER_MS = 3 * 60 * 60 * 1000;

/** A stretch of life on the monotonic clock. Milliseconds. */
export interface Life {
  readonly endsAtMs: number;
  readonly renewAtMs: number;
  /** From here on a renewal is urgent. */
  readonly urgentAtMs: number;
}

/** The credentials of a session that an agent says it has. */
export interface HeldClaim {
  readonly fingerprint: string;
  readonly remainingMs: number;
  readonly lifetimeMs: number;
  /** Since a Pod of its node last asked; undefined: its agent is older, and does not say. */
  readonly unusedMs?: number;
}

/** With less than this share of their life left, credentials are as urgent as those that a Pod waits for (DESIGN.md 4.10). */
const URGENT_SHARE = 0.5;

export interface LifeOptions {
  readonly remainingMs: number;
  readonly lifetimeMs: number;
  /** When `remainingMs` was counted, on the monotonic clock. */
  readonly atMs: number;
  readonly renewAt: RenewAt;
  readonly random: () => number;
}

export function lifeOf({ remainingMs, lifetimeMs, atMs, renewAt, random }: LifeOptions): Life {
  const endsAtMs = atMs + remainingMs;
  const share = renewAt.from + (renewAt.to - renewAt.from) * random();
  return {
    endsAtMs,
    renewAtMs: endsAtMs - lifetimeMs * (1 - share),
    urgentAtMs: endsAtMs - lifetimeMs * URGENT_SHARE,
  };
}

/**
 * The life of what an agent holds; undefined when it has ended or makes no sense. An agent's word counts for its own node
 * alone, and no session outlives what was asked of STS.
 */
export function heldLife(
  held: HeldClaim | undefined,
  options: { readonly longestMs: number; readonly clock: Clock } & Pick<LifeOptions, 'renewAt' | 'random'>,
): Life | undefined {
  if (held === undefined || !(held.lifetimeMs > 0) || !(held.remainingMs > 0)) return undefined;
  const lifetimeMs = Math.min(held.lifetimeMs, options.longestMs);
  const remainingMs = Math.min(held.remainingMs, lifetimeMs);
  return lifeOf({ ...options, remainingMs, lifetimeMs, atMs: options.clock.monotonic() });
}
