import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Annotations } from '../../../src/kubernetes/objects/objects.ts';
import { createTexts } from '../../../src/kubernetes/objects/texts.ts';

function setup({
  namespaceBytes = 80,
  serverBytes = 120,
  reservedBytes = 0,
  firstBytes = 0,
  entryBytes = 0,
} = {}) {
  const spent: string[] = [];
  let roomAgain = 0;
  const texts = createTexts({
    budgets: { namespaceBytes, serverBytes, reservedBytes, firstBytes, entryBytes },
    spent: (budget, namespace, keys) => spent.push(`${budget} ${namespace} ${keys.join()}`),
    roomAgain: () => (roomAgain += 1),
  });
  return { texts, spent, rooms: () => roomAgain };
}

const text = (letter: string, size: number) => ({ role: letter.repeat(size) });

describe('Annotation texts', () => {
  it('Equal texts are kept once, but count against the budget of each Namespace', () => {
    const { texts } = setup();
    for (const namespace of ['a', 'a', 'b'])
      expect(texts.admit(namespace, text('x', 50))).toEqual(text('x', 50));
    expect(texts.bytes).toBe(50);
    expect(texts.admit('a', text('y', 31))).toEqual({
      role: { tooLongBytes: 31, limitBytes: 30, budget: 'Namespace' },
    });
  });

  it('A text without room in its Namespace or on the server is left out by its key, and the rest is kept', () => {
    const { texts, spent } = setup();
    expect(texts.admit('a', { small: 'x'.repeat(40), large: 'y'.repeat(41) })).toEqual({
      small: 'x'.repeat(40),
      large: { tooLongBytes: 41, limitBytes: 40, budget: 'Namespace' },
    });
    texts.admit('b', text('z', 60));
    expect(texts.admit('c', text('w', 21))).toEqual({
      role: { tooLongBytes: 21, limitBytes: 20, budget: 'server' },
    });
    expect(spent).toEqual(['namespace_text_bytes a large', 'text_bytes c role']);
  });

  it('The first texts of each Namespace have room in a reserved share, however much others have taken', () => {
    const { texts, spent, rooms } = setup({ reservedBytes: 40, firstBytes: 15 });
    texts.admit('a', text('x', 80));
    const first = text('y', 15);
    expect(texts.admit('b', first)).toEqual(first);
    expect(texts.admit('b', text('z', 1))).toEqual({
      role: { tooLongBytes: 1, limitBytes: 0, budget: 'server' },
    });
    const rest = text('v', 15);
    expect(texts.admit('c', rest)).toEqual(rest);
    expect(texts.admit('d', text('w', 15))).toEqual({
      role: { tooLongBytes: 15, limitBytes: 10, budget: 'server' },
    });
    expect(spent).toEqual(['text_bytes b role', 'text_bytes d role']);
    texts.release('c', rest);
    expect(rooms()).toBe(1);
  });

  it('A text that is not ASCII counts with the bytes that V8 needs for it', () => {
    const { texts } = setup();
    texts.admit('a', { role: 'é'.repeat(20) });
    expect(texts.bytes).toBe(40);
  });

  it('A text counts with the bytes that are needed to remember it, however short it is', () => {
    const { texts } = setup({ entryBytes: 30 });
    texts.admit('a', { role: 'a' });
    texts.admit('a', { role: 'b' });
    expect(texts.bytes).toBe(62);
    expect(texts.admit('a', { role: 'c' })).toEqual({
      role: { tooLongBytes: 1, limitBytes: 0, budget: 'Namespace' },
    });
  });

  it('Free room is reported once, when an eighth of a budget is free again', () => {
    const { texts, rooms } = setup();
    const [small, large] = [text('x', 6), text('y', 72)].map((given) => texts.admit('a', given));
    texts.admit('a', text('z', 10));
    texts.release('a', small ?? {});
    expect(rooms()).toBe(0);
    texts.release('a', large ?? {});
    texts.release('a', {});
    expect([rooms(), texts.bytes]).toEqual([1, 0]);
  });

  it('The texts never exceed their budget, and take no bytes once all are released', () => {
    const given = fc.record({
      namespace: fc.constantFrom('a', 'b', 'c'),
      annotations: fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('x', 'yy', 'zzz', '{'.repeat(9))),
    });
    fc.assert(
      fc.property(fc.array(given), (all) => {
        const { texts } = setup({ namespaceBytes: 12, serverBytes: 14, reservedBytes: 4, firstBytes: 2 });
        const held: (readonly [string, Annotations])[] = [];
        for (const { namespace, annotations } of all) {
          held.push([namespace, texts.admit(namespace, annotations)]);
          expect(texts.bytes).toBeLessThanOrEqual(14);
        }
        for (const [namespace, annotations] of held) texts.release(namespace, annotations);
        expect(texts.bytes).toBe(0);
      }),
    );
  });
});
