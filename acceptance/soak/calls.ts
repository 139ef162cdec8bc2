/**
 * Longer than SDKs wait, so that a busy machine fails no request: the chaos suite judges how long an answer may take.
 * Milliseconds.
 */
export const CALL_TIMEOUT_MS = 10_000;
