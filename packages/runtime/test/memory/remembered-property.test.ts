import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import { createRemembered } from '../../src/memory/remembered.ts';
import type { RememberedOptions } from '../../src/memory/remembered.ts';

const KEEP_MS = 1_000;

function setup(options: Partial<RememberedOptions<number>>) {
  const clock = createFakeClock();
  return { clock, remembered: createRemembered<number>({ clock, keepMs: KEEP_MS, most: 4, ...options }) };
}

type Step =
  | { readonly kind: 'set'; readonly key: string; readonly owner: string }
  | { readonly kind: 'delete' | 'get'; readonly key: string }
  | { readonly kind: 'pass'; readonly ms: number };

/** The rule itself, whatever it costs. */
function createModel(most: number) {
  let names: { key: string; value: number; owner: string; untilMs: number }[] = [];
  const reachedAt = new Map<string, number>();
  let steps = 0;
  const countOf = (owner: string) => names.filter((name) => name.owner === owner).length;

  function put(key: string, value: number, owner: string, nowMs: number): void {
    names.push({ key, value, owner, untilMs: nowMs + KEEP_MS });
    reachedAt.set(owner, (steps += 1));
  }

  function remove(key: string): void {
    const found = names.find((name) => name.key === key);
    if (found === undefined) return;
    names = names.filter((name) => name !== found);
    reachedAt.set(found.owner, (steps += 1));
  }

  function ownerWithMost(): string | undefined {
    const owners = [...new Set(names.map(({ owner }) => owner))];
    const [first] = owners.sort(
      (a, b) => countOf(b) - countOf(a) || (reachedAt.get(a) ?? 0) - (reachedAt.get(b) ?? 0),
    );
    return first;
  }

  function expire(nowMs: number): void {
    for (;;) {
      const ended = names.find(({ untilMs }) => untilMs <= nowMs);
      if (ended === undefined) return;
      remove(ended.key);
    }
  }

  return {
    expire,
    remove,
    set(key: string, value: number, owner: string, nowMs: number) {
      remove(key);
      put(key, value, owner, nowMs);
      while (names.length > most) {
        const owner = ownerWithMost();
        remove(names.find((name) => name.owner === owner)?.key ?? '');
      }
    },
    entries: () => names.map(({ key, value }) => [key, value]),
  };
}

describe('Remembered names, property', () => {
  const key = fc.constantFrom(...Array.from('abcdefghij'));
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('set' as const), key, owner: fc.constantFrom('x', 'y', 'z') }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'get' as const), key }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 300, 999, 1_000) }),
    },
  );

  it('The remembered names are always those of a plain model, whatever is set, deleted and read, and when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        async (steps, most) => {
          const { clock, remembered } = setup({ most });
          const model = createModel(most);
          for (const [at, one] of steps.entries()) {
            if (one.kind === 'pass') await clock.advance(one.ms);
            const nowMs = clock.monotonic();
            // The model has no sweeps: expired names are removed immediately.
            model.expire(nowMs);
            if (one.kind === 'get') {
              const [, value] = model.entries().find(([name]) => name === one.key) ?? [];
              expect(remembered.get(one.key)).toBe(value);
            }
            expect(remembered.size).toBe(model.entries().length);
            if (one.kind === 'set') {
              remembered.set(one.key, at, one.owner);
              model.set(one.key, at, one.owner, nowMs);
            } else if (one.kind === 'delete') {
              remembered.delete(one.key);
              model.remove(one.key);
            }
            expect(remembered.entries()).toEqual(model.entries());
          }
          expect(clock.pending).toBeLessThanOrEqual(1);
          remembered.clear();
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('Names that are needed stay until they are deleted, although their time is over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, remembered } = setup({ most: 10, stays: (name) => name < 'd' });
        const needed = new Map<string, number>();
        for (const [at, one] of steps.entries()) {
          if (one.kind === 'pass') await clock.advance(one.ms);
          else if (one.kind === 'get') remembered.get(one.key);
          else if (one.kind === 'set') {
            remembered.set(one.key, at, one.owner);
            if (one.key < 'd') needed.set(one.key, at);
          } else {
            remembered.delete(one.key);
            needed.delete(one.key);
          }
          for (const [name, value] of needed) expect(remembered.get(name)).toBe(value);
        }
      }),
      { numRuns: 200 },
    );
  });
});
