/** A long-running part of a program. */
export interface Service {
  readonly name: string;
  /** Runs until the signal aborts. A rejection ends the program. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Runs services until `signal` aborts or one of them ends, then stops the others and waits for all. Throws an
 * AggregateError if a service failed or ended before the signal.
 */
export async function runGroup(services: readonly Service[], signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const all = AbortSignal.any([signal, stop.signal]);
  const outcomes = await Promise.allSettled(
    services.map(async (service) => {
      try {
        await service.run(all);
        if (!all.aborted) throw new Error('it ended unexpectedly');
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

/** Resolves when the signal aborts. For services that have nothing else to wait for. */
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
