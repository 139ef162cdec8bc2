import type { Clock } from '@rolegate/runtime';

/** Credentials are renewed between these shares of their lifetime, at random, to spread renewals (DESIGN.md 1). */
export interface RenewAt {
  readonly from: number;
  readonly to: number;
}

/** DESIGN.md 1: at least 31 minutes of an hour remain, 26 of the shortest session. */
export const RENEW_AT: RenewAt = { from: 0.4, to: 0.48 };

/** A session that no Pod has asked for in this time is not renewed (DESIGN.md 4.10). Milliseconds. */
export const UNUSED_AFTER_MS = 3 * 60 * 60 * 1000;

/** When credentials expire and are renewed, on the monotonic clock. Milliseconds. */
export interface Life {
  readonly endsAtMs: number;
  readonly renewAtMs: number;
  /** When a renewal becomes urgent. */
  readonly urgentAtMs: number;
}

/** The credentials of a session that an agent reports as cached. */
export interface CachedClaim {
  readonly fingerprint: string;
  readonly remainingMs: number;
  readonly lifetimeMs: number;
  /** Since a Pod of its node last used them; undefined: the agent is too old to report it. */
  readonly unusedMs?: number;
}

/** With less than this share of the lifetime left, a renewal has the priority of a waiting Pod (DESIGN.md 4.10). */
const URGENT_SHARE = 0.5;

export interface LifeOptions {
  readonly remainingMs: number;
  readonly lifetimeMs: number;
  /** When `remainingMs` was measured, on the monotonic clock. */
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
 * The life of credentials that an agent has cached; undefined if they have expired or the claim makes no sense. A claim counts
 * only for the agent's own node, and never lasts longer than the requested duration.
 */
export function claimedLife(
  held: CachedClaim | undefined,
  options: { readonly longestMs: number; readonly clock: Clock } & Pick<LifeOptions, 'renewAt' | 'random'>,
): Life | undefined {
  if (held === undefined || !(held.lifetimeMs > 0) || !(held.remainingMs > 0)) return undefined;
  const lifetimeMs = Math.min(held.lifetimeMs, options.longestMs);
  const remainingMs = Math.min(held.remainingMs, lifetimeMs);
  return lifeOf({ ...options, remainingMs, lifetimeMs, atMs: options.clock.monotonic() });
}
