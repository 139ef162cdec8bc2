import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import { createNamespaceTurns } from '../../../src/credentials/budget/namespace-turns.ts';
import { createStsBudget, priorities } from '../../../src/credentials/budget/sts-budget.ts';
import type { Priority, StsBudgetOptions } from '../../../src/credentials/budget/sts-budget.ts';

function setup(options: Partial<StsBudgetOptions> = {}) {
  const clock = createFakeClock();
  const budget = createStsBudget({ ratePerSecond: 100, burst: 500, clock, ...options });
  const started: { name: string; atMs: number; end: () => void }[] = [];
  const request = (name: string, priority: Priority = 'on-demand', namespace = 'shop', renewal = false) =>
    budget.request({
      namespace,
      priority,
      renewal,
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

const manyNamespaces = (n: number) => `ns-${String(n)}`;

/** An empty bucket of one token: calls wait, and start one a second. */
function setupEmpty(options: Partial<StsBudgetOptions> = {}) {
  const all = setup({ ratePerSecond: 1, burst: 1, ...options });
  all.request('first');
  all.started.length = 0;
  return all;
}

describe('STS rate', () => {
  it('The budget starts a burst of calls at once and then calls at its rate, to the millisecond', async () => {
    const { budget, clock, request, started } = setup({ ratePerSecond: 100, burst: 50, maxInFlight: 1000 });
    for (let n = 0; n < 250; n++) request(String(n), 'on-demand', manyNamespaces(n));
    expect(started).toHaveLength(50);
    expect(budget.waiting).toBe(200);
    await clock.advance(999);
    expect(started).toHaveLength(149);
    await clock.advance(1001);
    expect(started).toHaveLength(250);
    expect(budget.waiting).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('The budget saves up no more than the burst', async () => {
    const { clock, request, started } = setup({ ratePerSecond: 100, burst: 5 });
    await clock.advance(3_600_000);
    for (let n = 0; n < 20; n++) request(String(n), 'on-demand', manyNamespaces(n));
    expect(started).toHaveLength(5);
  });

  it('The budget leaves no more than maxInFlight calls unanswered', async () => {
    const { clock, request, started } = setup({ maxInFlight: 3 });
    for (let n = 0; n < 5; n++) request(String(n), 'on-demand', manyNamespaces(n));
    await clock.advance(1000);
    expect(started).toHaveLength(3);
    started[1]?.end();
    await clock.advance(0);
    expect(started).toHaveLength(4);
  });

  it('The budget keeps to its rate in any second of any load', async () => {
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

describe('Order of calls', () => {
  it('On-demand calls start before expiring ones, and those before prefetch calls', async () => {
    const { clock, request, names } = setupEmpty();
    request('c', 'prefetch');
    request('b', 'expiring');
    request('a', 'on-demand');
    await clock.advance(3000);
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('Namespaces take turns, and the calls of each start in the order asked', async () => {
    const { clock, request, names } = setupEmpty();
    for (let n = 0; n < 4; n++) request(`big-${String(n)}`, 'on-demand', 'big');
    request('small-0', 'on-demand', 'small');
    request('small-1', 'on-demand', 'small');
    await clock.advance(6000);
    expect(names()).toEqual(['big-0', 'small-0', 'big-1', 'small-1', 'big-2', 'big-3']);
  });

  it('The priority of a call can be raised, but not lowered', async () => {
    const { clock, request, names } = setupEmpty();
    request('plain', 'prefetch');
    request('raised', 'prefetch').raise('on-demand');
    request('kept', 'expiring').raise('prefetch');
    await clock.advance(3000);
    expect(names()).toEqual(['raised', 'kept', 'plain']);
  });

  it('A call moves to another Namespace that needs the same session if that one has fewer calls waiting', async () => {
    const { clock, request, names } = setupEmpty();
    for (let n = 0; n < 3; n++) request('flood', 'on-demand', 'flood');
    const shared = request('shared', 'on-demand', 'flood');
    request('other', 'on-demand', 'busy');
    expect([shared.wantedBy('flood'), shared.wantedBy('quiet'), shared.wantedBy('busy')]).toEqual([
      false,
      true,
      false,
    ]);
    await clock.advance(5_000);
    expect(names()).toEqual(['flood', 'other', 'shared', 'flood', 'flood']);
    expect(shared.wantedBy('late')).toBe(false);
  });

  it('A call that moves to a Namespace whose turn it is starts immediately', () => {
    const { request, names } = setup({ burst: 10 });
    for (let n = 0; n < 20; n++) request('flood', 'on-demand', 'flood');
    const shared = request('shared', 'on-demand', 'flood');
    shared.wantedBy('quiet');
    expect(names().at(-1)).toBe('shared');
  });

  it('A waiting call can be cancelled, and one that has started cannot', async () => {
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

  it("The turn of a Namespace takes precedence over the priority of another one's calls", async () => {
    const { clock, request, names } = setupEmpty();
    for (let n = 0; n < 3; n++) request(`flood-${String(n)}`, 'on-demand', 'flood');
    request('renewal', 'expiring', 'quiet');
    request('refused', 'prefetch', 'third');
    await clock.advance(5000);
    expect(names()).toEqual(['flood-0', 'renewal', 'refused', 'flood-1', 'flood-2']);
  });

  it('No call overtakes one of higher priority of its own Namespace', async () => {
    const asked = fc.array(
      fc.record({ priority: fc.constantFrom(...priorities), key: fc.constantFrom('a', 'b', 'c') }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(asked, async (all) => {
        const { clock, request, names, endAll } = setupEmpty();
        for (const { priority, key } of all) request(`${key} ${priority}`, priority, key);
        await clock.advance(1000 * all.length);
        for (const key of ['a', 'b', 'c']) {
          const ranks = names()
            .filter((name) => name.startsWith(key))
            .map((name) => priorities.indexOf(name.slice(2) as Priority));
          expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
        }
        expect(names()).toHaveLength(all.length);
        endAll();
      }),
      { numRuns: 40 },
    );
  });
});

describe('Share of renewals', () => {
  it('Renewals have 30 % of the budget while they wait, in turns between Namespaces, however many others ask', async () => {
    const { clock, request, names } = setupEmpty({ maxInFlight: 10_000 });
    for (let ns = 0; ns < 500; ns++)
      for (let n = 0; n < 2; n++) request(`first`, 'on-demand', `flood-${String(ns)}`);
    for (let n = 0; n < 80; n++) request(`a`, 'expiring', 'a', true);
    for (let n = 0; n < 80; n++) request(`b`, 'expiring', 'b', true);
    await clock.advance(400_000);
    const count = (wanted: string) => names().filter((name) => name === wanted).length;
    expect(count('a') + count('b')).toBe(120);
    expect(count('a')).toBe(count('b'));
    expect(count('first')).toBe(280);
  });

  it('The share of renewals goes to other calls while no renewal waits, and is not saved up', async () => {
    const { clock, request, names } = setupEmpty();
    for (let n = 0; n < 60; n++) request('first', 'on-demand', `ns-${String(n)}`);
    await clock.advance(50_000);
    expect(names()).toHaveLength(50);
    for (let n = 0; n < 10; n++) request('renewal', 'expiring', 'ns-59', true);
    await clock.advance(5_000);
    expect(
      names()
        .slice(50)
        .filter((name) => name === 'renewal').length,
    ).toBeLessThanOrEqual(3);
  });
});

describe('Limits of a Namespace', () => {
  it('A Namespace leaves a fifth of the burst to others, who need not wait, and may still use the whole rate', async () => {
    const { clock, request, names } = setup({ ratePerSecond: 100, burst: 500, maxInFlight: 10_000 });
    for (let n = 0; n < 2_000; n++) request('flood', 'on-demand', 'flood');
    expect(names()).toHaveLength(400);
    await clock.advance(10_000);
    expect(names()).toHaveLength(1_400);
    for (let n = 0; n < 50; n++) request('other', 'on-demand', manyNamespaces(n));
    expect(names().filter((name) => name === 'other')).toHaveLength(50);
    await clock.advance(7_000);
    expect(names()).toHaveLength(2_050);
    await clock.advance(5_000);
    expect(clock.pending).toBe(0);
  });

  it('A Namespace whose calls are slow leaves places among the calls in flight to others', async () => {
    const { clock, request, started, names, budget } = setup({ maxInFlight: 100 });
    for (let n = 0; n < 300; n++) request('slow', 'on-demand', 'slow');
    await clock.advance(60_000);
    expect([budget.inFlight, budget.waiting]).toEqual([80, 220]);
    for (let n = 0; n < 15; n++) request('other', 'on-demand', 'other');
    expect(names().filter((name) => name === 'other')).toHaveLength(15);
    started[0]?.end();
    await clock.advance(0);
    // It has 79 places, more than four times the 6 free ones.
    expect(budget.inFlight).toBe(94);
  });

  it('The last place in flight is for a Namespace that has none', () => {
    const { request, budget, names } = setup({ maxInFlight: 100 });
    for (const namespace of ['a', 'b', 'c'])
      for (let n = 0; n < 100; n++) request('slow', 'on-demand', namespace);
    expect(budget.free).toBe(1);
    request('late', 'on-demand', 'late');
    expect(names().at(-1)).toBe('late');
  });
});

describe('Turns of Namespaces', () => {
  it('No Namespace waits for more than one turn of each other one', () => {
    const puts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(puts, (names) => {
        const turns = createNamespaceTurns<{ namespace: string; rank: number; reserved: boolean; n: number }>(
          {
            ranks: 1,
            reservedPart: 0.3,
          },
        );
        names.forEach((namespace, n) => {
          turns.put({ namespace, rank: 0, reserved: false, n });
        });
        const taken = names.map(() => turns.take());
        expect(turns.take()).toBeUndefined();
        taken.forEach((item, at) => {
          const before = taken.slice(0, at).findLastIndex((other) => other?.namespace === item?.namespace);
          // Between two items of one Namespace no other Namespace has two turns.
          const between = taken.slice(before + 1, at).map((other) => other?.namespace);
          expect(new Set(between).size).toBe(between.length);
        });
      }),
    );
  });

  it('A Namespace that cannot use its turn now keeps it', () => {
    const turns = createNamespaceTurns({ ranks: 1, reservedPart: 0.3 });
    for (const namespace of ['a', 'b', 'a', 'b']) turns.put({ namespace, rank: 0, reserved: false });
    const order = [turns.take((name) => name !== 'a'), turns.take(), turns.take(() => false), turns.take()];
    expect(order.map((item) => item?.namespace)).toEqual(['b', 'a', undefined, 'b']);
  });

  it('An item that is removed gets no turn, and cannot be removed again', () => {
    const turns = createNamespaceTurns({ ranks: 1, reservedPart: 0.3 });
    const [x, y] = ['a', 'b'].map((namespace) => ({ namespace, rank: 0, reserved: true }));
    if (x === undefined || y === undefined) throw new Error('there are two');
    turns.put(x);
    turns.put(y);
    expect([turns.remove(x), turns.remove(x), turns.size]).toEqual([true, false, 1]);
    expect([turns.take(), turns.take(), turns.size]).toEqual([y, undefined, 0]);
  });
});
