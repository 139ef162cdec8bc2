/** Fraction of the half lifetime; spreads nodes that started together. */
const JITTER = 0.1;
/** Keeps a node whose clock is far ahead from asking continuously. Milliseconds. */
const LEAST_MS = 1_000;

/**
 * When to renew a certificate issued now, in milliseconds from now: at half its lifetime ± 10 %. A clock that is behind does
 * not delay it; a clock that is ahead, which sees less lifetime left, brings it forward.
 */
export function untilRenewal(
  { endsMs, lifeMs }: { readonly endsMs: number; readonly lifeMs: number },
  { nowMs, random }: { readonly nowMs: number; readonly random: number },
): number {
  const half = Math.min(endsMs - nowMs, lifeMs) / 2;
  return Math.max(LEAST_MS, Math.round(half * (1 - JITTER + 2 * JITTER * random)));
}
