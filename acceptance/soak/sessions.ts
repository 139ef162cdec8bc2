/** Ten minutes instead of an hour, so that a run sees renewals. Seconds. */
export const SESSION_SECONDS = 600;
/** R2: 25 minutes of an hour. Milliseconds. */
export const LEAST_LIFE_MS = (SESSION_SECONDS * 1_000 * 25) / 60;
