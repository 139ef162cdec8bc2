import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import { createFairQueue } from '../../src/credentials/fair-queue.ts';
import { createStsBudget, priorities } from '../../src/credentials/sts-budget.ts';
import type { Priority, StsBudgetOptions } from '../../src/credentials/sts-budget.ts';

function setup(options: Partial<StsBudgetOptions> = {}) {
  const clock = createFakeClock();
  const budget = createStsBudget({ ratePerSecond: 100, burst: 500, clock, ...options });
  const started: { name: string; atMs: number; end: () => void }[] = [];
  const request = (name: string, priority: Priority = 'on-demand', fairnessKey = 'shop') =>
    budget.request({
      fairnessKey,
      priority,
      start: () =>
        new Promise((end) => {
          started.push({ name, atMs: clock.monotonic(), end });
        }),
    });
  const names = () => started.map(({ name }) => name);
  const endAll = () => {
    for (const { end } of started) end();
  };
  return { budget, clock, started, request, names, endAll };
}

/** One token, and nothing in it: what is asked now waits, and goes one a second. */
function setupEmpty(options: Partial<StsBudgetOptions> = {}) {
  const all = setup({ ratePerSecond: 1, burst: 1, ...options });
  all.request('first');
  all.started.length = 0;
  return all;
}

describe('the rate', () => {
  it('lets the burst go at once and then so many a second, to the millisecond', async () => {
    const { budget, clock, request, started } = setup({ ratePerSecond: 100, burst: 50, maxInFlight: 1000 });
    for (let n = 0; n < 250; n++) request(String(n));
    expect(started).toHaveLength(50);
    expect(budget.waiting).toBe(200);
    await clock.advance(999);
    expect(started).toHaveLength(149);
    await clock.advance(1001);
    expect(started).toHaveLength(250);
    expect(budget.waiting).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('saves up no more than the burst', async () => {
    const { clock, request, started } = setup({ ratePerSecond: 100, burst: 5 });
    await clock.advance(3_600_000);
    for (let n = 0; n < 20; n++) request(String(n));
    expect(started).toHaveLength(5);
  });

  it('leaves no more than so many unanswered', async () => {
    const { clock, request, started } = setup({ maxInFlight: 3 });
    for (let n = 0; n < 5; n++) request(String(n));
    await clock.advance(1000);
    expect(started).toHaveLength(3);
    started[1]?.end();
    await clock.advance(0);
    expect(started).toHaveLength(4);
  });

  it('holds in any second of any load', async () => {
    const loads = fc.array(fc.record({ waitMs: fc.nat(400), count: fc.integer({ min: 1, max: 30 }) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(
        loads,
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        async (load, rate, burst) => {
          const { clock, request, started } = setup({ ratePerSecond: rate, burst, maxInFlight: 10_000 });
          for (const { waitMs, count } of load) {
            await clock.advance(waitMs);
            for (let n = 0; n < count; n++) request(String(n));
          }
          const asked = load.reduce((sum, { count }) => sum + count, 0);
          await clock.advance(((asked + 1) / rate) * 1000 + asked);
          expect(started).toHaveLength(asked);
          for (const { atMs } of started) {
            const inSecond = started.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1000);
            expect(inSecond.length).toBeLessThanOrEqual(burst + rate + 1);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('the order', () => {
  it('is on-demand, then expiring, then prefetch', async () => {
    const { clock, request, names } = setupEmpty();
    request('c', 'prefetch');
    request('b', 'expiring');
    request('a', 'on-demand');
    await clock.advance(3000);
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('gives namespaces turns, and each its own in the order asked', async () => {
    const { clock, request, names } = setupEmpty();
    for (let n = 0; n < 4; n++) request(`big-${String(n)}`, 'on-demand', 'big');
    request('small-0', 'on-demand', 'small');
    request('small-1', 'on-demand', 'small');
    await clock.advance(6000);
    expect(names()).toEqual(['big-0', 'small-0', 'big-1', 'small-1', 'big-2', 'big-3']);
  });

  it('can be raised, not lowered', async () => {
    const { clock, request, names } = setupEmpty();
    request('plain', 'prefetch');
    request('raised', 'prefetch').raise('on-demand');
    request('kept', 'expiring').raise('prefetch');
    await clock.advance(3000);
    expect(names()).toEqual(['raised', 'kept', 'plain']);
  });

  it('leaves out what was taken back, and what has started cannot be', async () => {
    const { clock, request, names, budget } = setupEmpty();
    const gone = request('gone');
    const raised = request('raised', 'prefetch');
    raised.raise('expiring');
    expect([gone.cancel(), raised.cancel(), gone.cancel()]).toEqual([true, true, false]);
    const last = request('last');
    expect(budget.waiting).toBe(1);
    await clock.advance(2000);
    expect(names()).toEqual(['last']);
    expect(last.cancel()).toBe(false);
    last.raise('on-demand');
    expect(budget.waiting).toBe(0);
  });

  it('never lets a lower priority pass a higher one that waits', async () => {
    const asked = fc.array(
      fc.record({ priority: fc.constantFrom(...priorities), key: fc.constantFrom('a', 'b', 'c') }),
      {
        maxLength: 40,
      },
    );
    await fc.assert(
      fc.asyncProperty(asked, async (all) => {
        const { clock, request, names, endAll } = setupEmpty();
        for (const { priority, key } of all) request(priority, priority, key);
        await clock.advance(1000 * all.length);
        const ranks = names().map((name) => priorities.indexOf(name as Priority));
        expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
        expect(ranks).toHaveLength(all.length);
        endAll();
      }),
      { numRuns: 40 },
    );
  });
});

describe('a fair queue', () => {
  it('lets no key wait for more than one turn of each other key', () => {
    const puts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(puts, (keys) => {
        const queue = createFairQueue<{ key: string; n: number }>();
        keys.forEach((key, n) => {
          queue.put(key, { key, n });
        });
        const left = new Map<string, number>();
        for (const key of keys) left.set(key, (left.get(key) ?? 0) + 1);
        const taken: { key: string; n: number }[] = [];
        for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
        expect(taken).toHaveLength(keys.length);
        taken.forEach(({ key }, at) => {
          const before = taken.slice(0, at).findLastIndex((other) => other.key === key);
          // Between two of one key no other key comes twice.
          const between = taken.slice(before + 1, at).map((other) => other.key);
          expect(new Set(between).size).toBe(between.length);
        });
        for (const key of left.keys()) {
          const order = taken.filter((item) => item.key === key).map(({ n }) => n);
          expect(order).toEqual(order.toSorted((one, other) => one - other));
        }
      }),
    );
  });

  it('holds an item once, and forgets it when it is removed', () => {
    const queue = createFairQueue<string>();
    queue.put('a', 'x');
    queue.put('a', 'x');
    queue.put('b', 'y');
    expect(queue.size).toBe(2);
    expect([queue.remove('a', 'x'), queue.remove('a', 'x'), queue.remove('c', 'z')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([queue.take(), queue.take(), queue.size]).toEqual(['y', undefined, 0]);
  });
});
