import { setTimeout } from 'node:timers/promises';
import type { ImdsClient } from '../src/imds-client.ts';

/** Requests credentials continuously. Returns every status other than 200 with what was going on. */
export async function whileAsking(client: ImdsClient, what: () => Promise<void>): Promise<string[]> {
  const bad: string[] = [];
  const stop = new AbortController();
  const asking = (async () => {
    while (!stop.signal.aborted) {
      const { status, body } = await client.credentials();
      if (status !== 200) bad.push(`${status} ${body}`);
      await setTimeout(5);
    }
  })();
  try {
    await what();
  } finally {
    stop.abort();
    await asking;
  }
  return bad;
}
