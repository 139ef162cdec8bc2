/** Of the half life; nodes that came together do not stay together. */
const JITTER = 0.1;
/** A node whose clock is far ahead does not ask without a pause. Milliseconds. */
const LEAST_MS = 1_000;

/**
 * When a certificate that came just now is renewed, milliseconds from now: at half its life ± 10 %. A node's clock that is
 * behind does not put it off; one that is ahead, and sees less of the life left, brings it forward.
 */
export function untilRenewal(
  { endsMs, lifeMs }: { readonly endsMs: number; readonly lifeMs: number },
  { nowMs, random }: { readonly nowMs: number; readonly random: number },
): number {
  const half = Math.min(endsMs - nowMs, lifeMs) / 2;
  return Math.max(LEAST_MS, Math.round(half * (1 - JITTER + 2 * JITTER * random)));
}
