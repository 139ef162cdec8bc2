/** Calls `look` periodically until the signal aborts. */
export function poll(
  look: () => void,
  {
    everyMs,
    clock,
    signal,
  }: {
    readonly everyMs: number;
    readonly clock: { schedule(delayMs: number, call: () => void): () => void };
    readonly signal: AbortSignal;
  },
): void {
  if (signal.aborted) return;
  const cancel = clock.schedule(everyMs, () => {
    signal.removeEventListener('abort', cancel);
    look();
    poll(look, { everyMs, clock, signal });
  });
  signal.addEventListener('abort', cancel, { once: true });
}
