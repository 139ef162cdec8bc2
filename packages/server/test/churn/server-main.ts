import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { silentLog, systemClock } from '@rolegate/runtime';
import { parseServerConfig } from '../../src/config/config.ts';
import { runServer } from '../../src/server.ts';

/** A whole server with these flags, which reports its memory on request. */
const outcome = parseServerConfig({ argv: process.argv.slice(2), env: {} });
if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));

/** V8's options, which the types do not have: frees everything, and returns pages to the system. */
const collect = globalThis.gc as (options: object) => void;

const stop = new AbortController();
process.on('disconnect', () => {
  stop.abort();
});
process.on('message', (asked) => {
  void (asked === 'measure' ? measure() : lookAround()).then((said) => process.send?.(said));
});
const { config } = outcome;
await runServer(
  { config, clock: systemClock, log: silentLog, random: Math.random, hostname: 'server-0' },
  stop.signal,
);

async function measure(): Promise<{ readonly rssMb: number; readonly heapMb: number }> {
  // What is freed in one collection allows more to be freed in the next.
  for (let times = 0; times < 5; times++) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await wait(50);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rssMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20 };
}

/** Every Namespace that has something to decide has its turn. */
async function lookAround(): Promise<string> {
  for (let turns = 0; turns < 20; turns++) await setImmediate();
  return 'seen';
}
