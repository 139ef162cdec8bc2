import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { LIMITS, startUnread } from './setup.ts';
import type { Connection } from './setup.ts';

const CLIENTS = ['a1', 'a2', 'b1', 'c1'];
const CONNECTIONS = 8;
const LARGEST_ANSWER = 400;

interface Step {
  readonly connection: number;
  readonly answers: number;
  readonly bytes: number;
  readonly then: 'nothing' | 'close' | 'move';
  readonly to: string;
  readonly waitMs: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    connection: fc.nat({ max: CONNECTIONS - 1 }),
    answers: fc.integer({ min: 1, max: 40 }),
    bytes: fc.integer({ min: 1, max: LARGEST_ANSWER }),
    then: fc.constantFrom('nothing', 'nothing', 'nothing', 'close', 'move'),
    to: fc.constantFrom(...CLIENTS),
    waitMs: fc.constantFrom(0, 0, 10, 60, 300),
  }),
  { minLength: 20, maxLength: 60, size: 'max' },
);

/** Every second connection reads everything before its next request. The others read nothing. */
function isReader(at: number): boolean {
  return at % 2 === 0;
}

/** Runs the steps. Resolves with readers that were reset and non-readers that were not. */
async function play(all: readonly Step[], lookMs: number) {
  const t = startUnread();
  t.setLookMs(lookMs);
  const readers = new Set<Connection>();
  const everybody: Connection[] = [];
  const open = Array.from({ length: CONNECTIONS }, (_, at) => connect(at));

  function connect(at: number): Connection {
    const connection = t.connect(CLIENTS[at % CLIENTS.length] ?? '');
    if (isReader(at)) readers.add(connection);
    everybody.push(connection);
    return connection;
  }

  function checkBounds(): void {
    for (const name of CLIENTS) {
      const own = everybody.filter(({ client }) => client.name === name);
      const queued = own.reduce((sum, connection) => sum + t.queued(connection), 0);
      // Connections may move to a client that is at its limit.
      if (all.every(({ then }) => then !== 'move') && queued >= LIMITS.perClient + LARGEST_ANSWER)
        throw new Error(`${name} has ${queued} bytes in the kernel`);
    }
    const most = LIMITS.total + CLIENTS.length * (LIMITS.perClient / 64 + LARGEST_ANSWER);
    if (t.allQueued() > most) throw new Error(`${t.allQueued()} bytes are in the kernel`);
  }

  for (const { connection: at, answers, bytes, then, to, waitMs } of all) {
    const connection = open[at];
    if (connection === undefined) continue;
    for (let answer = 0; answer < answers && !t.resets.includes(connection); answer += 1) {
      if (readers.has(connection)) t.read(connection);
      if (!t.unread.mayAnswer(connection)) break;
      t.send(connection, bytes);
      checkBounds();
    }
    if (then === 'move' && !t.resets.includes(connection)) t.move(connection, to);
    if (then === 'close' && !t.resets.includes(connection)) t.close(connection);
    if (then === 'close' || t.resets.includes(connection)) open[at] = connect(at);
    await t.clock.advance(waitMs);
  }
  await t.clock.advance(10_000);
  const isTooMuch = (one: Connection) => t.queued(one) > Math.max(LIMITS.perConnection, one.lastBytes);
  return {
    reset: t.resets.filter((connection) => readers.has(connection)),
    left: open.filter((connection) => isTooMuch(connection)),
  };
}

describe('Unread data, property', () => {
  it("The kernel's unread data stays within the limits, and only clients that do not read are reset, in time", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(0, 5, 40), async (all, lookMs) => {
        expect(await play(all, lookMs)).toEqual({ reset: [], left: [] });
      }),
      { numRuns: 60 },
    );
  });
});
