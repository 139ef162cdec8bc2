import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createTurns } from '../../src/decisions/turns.ts';

/** Turns whose items take `itemMs` each, on a clock and an event loop that the test controls. */
function setup({ itemMs = 1 } = {}) {
  const ran: string[] = [];
  const deferred: (() => void)[] = [];
  const longest = { ms: 0 };
  let nowMs = 0;
  let sinceMs = 0;
  let during: ((item: string) => void) | undefined;
  const turns = createTurns<string>({
    run(item) {
      nowMs += itemMs;
      longest.ms = Math.max(longest.ms, nowMs - sinceMs);
      ran.push(item);
      during?.(item);
    },
    defer: (call) => deferred.push(call),
    now: () => nowMs,
  });
  function turnOfLoop(): boolean {
    const calls = deferred.splice(0);
    sinceMs = nowMs;
    for (const call of calls) call();
    return calls.length > 0;
  }
  return {
    ...turns,
    ran,
    longest,
    turnOfLoop,
    settle: () => {
      while (turnOfLoop());
    },
    whileRunning: (act: (item: string) => void) => {
      during = act;
    },
  };
}

const many = (group: string, count: number) => () => Array.from({ length: count }, (_, i) => `${group}${i}`);

describe('Turns', () => {
  it('Turns run immediately what fits into a turn of the event loop', () => {
    const { mark, ran } = setup();
    mark('a', 'Pod', () => ['a0']);
    mark('b', 'Pod', () => ['b0']);
    expect(ran).toEqual(['a0', 'b0']);
  });

  it('Turns yield to the event loop after a few milliseconds, however much work is left', () => {
    const { mark, ran, longest, settle } = setup();
    mark('a', 'Namespace', many('a', 20_000));
    expect(ran.length).toBeLessThan(10);
    settle();
    expect(ran).toHaveLength(20_000);
    expect(longest.ms).toBeLessThanOrEqual(5);
  });

  it('Turns yield to the event loop after 256 items that take no time', () => {
    const { mark, ran, turnOfLoop } = setup({ itemMs: 0 });
    mark('a', 'Namespace', many('a', 1000));
    expect(ran).toHaveLength(256);
    turnOfLoop();
    expect(ran).toHaveLength(512);
  });

  it('Another group gets its turn after one item', () => {
    const { mark, ran, turnOfLoop } = setup({ itemMs: 20 });
    mark('big', 'Namespace', many('big', 20_000));
    mark('small', 'Namespace', many('small', 2));
    for (let i = 0; i < 5; i++) turnOfLoop();
    expect(ran.slice(0, 6)).toEqual(['big0', 'big1', 'small0', 'big2', 'small1', 'big3']);
  });

  it('Another group gets its turn even if the first has thousands of scopes without work', () => {
    const { mark, ran, settle } = setup({ itemMs: 20 });
    const asked = { scopes: 0 };
    const atTurnOfOther: number[] = [];
    mark('many', 'first', () => ['many0']);
    for (let n = 0; n < 5_000; n++)
      mark('many', `ServiceAccount ${n}`, () => {
        asked.scopes++;
        return [];
      });
    mark('other', 'Pod', () => {
      atTurnOfOther.push(asked.scopes);
      return ['other0'];
    });
    settle();
    expect(ran).toEqual(['many0', 'other0']);
    expect(atTurnOfOther[0]).toBeLessThanOrEqual(16);
    expect(asked.scopes).toBe(5_000);
  });

  it('Work that is marked many times before its turn runs once', () => {
    const { mark, ran, settle } = setup({ itemMs: 20 });
    mark('a', 'Pod 0', () => ['first']);
    for (let i = 0; i < 100; i++) mark('a', 'Namespace', many('a', 3));
    settle();
    expect(ran).toEqual(['first', 'a0', 'a1', 'a2']);
  });

  it('Work that is marked while it runs is run once more, after the rest of its group', () => {
    const { mark, ran, settle, whileRunning } = setup({ itemMs: 20 });
    whileRunning((item) => {
      if (item === 'a1' && ran.length < 4) mark('a', 'Namespace', many('a', 3));
    });
    mark('a', 'Namespace', many('a', 3));
    mark('a', 'Pod b', () => ['b']);
    settle();
    expect(ran).toEqual(['a0', 'a1', 'a2', 'b', 'a0', 'a1', 'a2']);
  });

  it('Turns continue after an item that throws', () => {
    const { mark, ran, settle, whileRunning } = setup({ itemMs: 20 });
    whileRunning((item) => {
      if (item === 'a0') throw new Error('no');
    });
    expect(() => {
      mark('a', 'Namespace', many('a', 2));
    }).toThrow('no');
    settle();
    expect(ran).toEqual(['a0', 'a1']);
  });

  it('Every item runs after it was last marked, in slices, and none is left waiting', () => {
    const marks = fc.record({
      group: fc.constantFrom('a', 'b', 'c'),
      key: fc.constantFrom('x', 'y'),
      items: fc.integer({ min: 0, max: 12 }),
      turnsBetween: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 30 }), fc.integer({ min: 0, max: 6 }), (all, itemMs) => {
        const { mark, ran, longest, turnOfLoop, settle, waiting } = setup({ itemMs });
        const due = new Map<string, number>();
        // As objects do: what concerns whom is asked when its turn comes.
        const sizes = new Map<string, number>();
        for (const { group, key, items, turnsBetween } of all) {
          const scope = `${group}${key}`;
          sizes.set(scope, items);
          const before = ran.length;
          mark(group, key, () => many(scope, sizes.get(scope) ?? 0)());
          for (let i = 0; i < items; i++) due.set(`${scope}${i}`, before);
          for (let i = items; i < 12; i++) due.delete(`${scope}${i}`);
          for (let i = 0; i < turnsBetween; i++) turnOfLoop();
        }
        settle();
        for (const [item, after] of due) expect(ran.lastIndexOf(item)).toBeGreaterThanOrEqual(after);
        expect(longest.ms).toBeLessThanOrEqual(3 + itemMs * 2);
        expect(waiting()).toBe(0);
      }),
    );
  });
});
