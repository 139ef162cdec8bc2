import { setTimeout as sleep } from 'node:timers/promises';

/** Looks at once and then every so many milliseconds, until the returned function is called; it rejects if a look has failed. */
export function keepLooking(look: () => Promise<void>, everyMs: number): () => Promise<void> {
  const stop = new AbortController();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await look();
      await sleep(everyMs);
    }
  }

  const looking = run();
  looking.catch(() => undefined); // told by the end
  return () => {
    stop.abort();
    return looking;
  };
}
