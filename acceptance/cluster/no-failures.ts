import { setTimeout as sleep } from 'node:timers/promises';

/** A request that is repeated. */
export interface RepeatedRequest {
  readonly name: string;
  readonly send: () => Promise<{ readonly status: number; readonly body: string }>;
}

/** Interval between repetitions. Milliseconds. */
const EVERY_MS = 20;
const MOST_LISTED = 5;

/** Repeats the requests during the action. Throws if an answer was not 200. */
export async function expectNoFailures(
  requests: readonly RepeatedRequest[],
  action: () => Promise<unknown>,
): Promise<void> {
  const failures: string[] = [];
  const stop = new AbortController();
  const repeating = requests.map(async ({ name, send }) => {
    while (!stop.signal.aborted) {
      const answer = await send().catch((error: unknown) => ({ status: 0, body: String(error) }));
      if (answer.status !== 200) failures.push(`${name} ${answer.status} ${answer.body}`);
      await sleep(EVERY_MS);
    }
  });
  try {
    await action();
  } finally {
    stop.abort();
    await Promise.all(repeating);
  }
  if (failures.length > 0)
    throw new Error(`${failures.length} requests failed: ${failures.slice(0, MOST_LISTED).join('; ')}`);
}
