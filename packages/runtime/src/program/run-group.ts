/** A part of a program with a life of its own. */
export interface Service {
  readonly name: string;
  /** Runs until the signal aborts; what it rejects with ends the program. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Runs services until `signal` aborts or one of them ends by itself; then stops the others and waits for all.
 * Throws an AggregateError when a service failed or ended unasked.
 */
export async function runGroup(services: readonly Service[], signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const all = AbortSignal.any([signal, stop.signal]);
  const outcomes = await Promise.allSettled(
    services.map(async (service) => {
      try {
        await service.run(all);
        if (!all.aborted) throw new Error('it ended by itself');
      } catch (cause) {
        throw new Error(`service ${service.name} failed`, { cause });
      } finally {
        stop.abort();
      }
    }),
  );
  const faults = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  if (faults.length > 0) throw new AggregateError(faults, 'a service failed');
}

/** Resolves when the signal aborts: what a service waits for that has nothing else to do. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
