import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { startServer } from './setup.ts';

/** The most that one read takes from the kernel. */
const READ_BYTES = 65_536;
const COUNT = 400;

function usedHeapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

describe('Memory of a waiting request', () => {
  it.each([
    { what: 'head', request: 'GET /a-target-of-some-length HTTP/1.1\r\nX: some more text\r\n\r\n' },
    { what: 'body', request: 'PUT / HTTP/1.1\r\nContent-Length: 20\r\n\r\n01234567890123456789' },
  ])('A waiting request keeps only its $what in memory, not what followed it', async ({ request }) => {
    await using t = await startServer({
      limits: { places: { perClient: COUNT, total: COUNT, spared: 0 } },
      request: () => undefined,
    });
    const clients = Array.from({ length: COUNT }, () => t.openInMemory());
    await setImmediate();
    const before = usedHeapBytes();
    for (const client of clients) client.send(`${request}${'x'.repeat(READ_BYTES - request.length)}`);
    await t.received(COUNT);
    expect((usedHeapBytes() - before) / COUNT).toBeLessThan(READ_BYTES / 4);
  });
});
