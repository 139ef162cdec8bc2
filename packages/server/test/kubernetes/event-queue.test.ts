import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createEventQueue } from '../../src/kubernetes/event-queue.ts';

interface Item {
  readonly namespace: string;
  readonly n: number;
}

/** Sends each item at once, but for those of Namespaces that hang. */
function setup() {
  const clock = createFakeClock();
  const stop = new AbortController();
  const queue = createEventQueue<Item>({ clock });
  const sent: string[] = [];
  const hanging = new Set<string>();
  const answers: (() => void)[] = [];
  const run = () =>
    queue.run(stop.signal, ({ namespace, n }) => {
      sent.push(`${namespace}${n}`);
      if (!hanging.has(namespace)) return Promise.resolve();
      return new Promise((resolve) => {
        answers.push(resolve);
      });
    });
  const put = (namespace: string, count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => queue.put({ namespace, n: from + at })).filter(
      (dropped) => dropped !== undefined,
    );
  const end = async (running: Promise<void>) => {
    stop.abort();
    for (const answer of answers) answer();
    await running;
  };
  return { clock, queue, sent, hanging, put, run, stop, end };
}

describe('Event rate', () => {
  it('Fifty Events are sent at once and then ten a second, in order', async () => {
    const { clock, sent, put, run, end } = setup();
    put('a', 100);
    const running = run();
    await clock.advance(0);
    expect(sent).toHaveLength(50);
    await clock.advance(1000);
    expect(sent).toHaveLength(60);
    await clock.advance(60_000);
    expect(sent).toEqual(Array.from({ length: 100 }, (_, n) => `a${n}`));
    await end(running);
  });

  it('An idle hour saves up no more than one burst of Events', async () => {
    const { clock, sent, put, run, end } = setup();
    await clock.advance(3_600_000);
    put('a', 100);
    const running = run();
    await clock.advance(0);
    expect(sent).toHaveLength(50);
    await end(running);
  });
});

describe('Waiting Events', () => {
  it('A Namespace has at most a hundred waiting Events, and its next ones are dropped', () => {
    const { queue, put } = setup();
    expect(put('a', 103)).toEqual([
      { namespace: 'a', n: 100 },
      { namespace: 'a', n: 101 },
      { namespace: 'a', n: 102 },
    ]);
    expect(queue.size).toBe(100);
  });

  it('At most a thousand Events wait in all, and those of the Namespace with the most are dropped for others', () => {
    const { queue, put } = setup();
    for (let n = 0; n < 9; n += 1) expect(put(`storm-${n}`, 100)).toEqual([]);
    put('half', 50);
    expect(put('last', 60).every(({ namespace, n }) => namespace.startsWith('storm-') && n >= 98)).toBe(true);
    expect(put('shop', 1)).toHaveLength(1);
    expect(queue.size).toBe(1000);
  });

  it('The Event of one more Namespace is dropped while a thousand Namespaces have one waiting', async () => {
    const { clock, queue, put, sent, run, end } = setup();
    for (let n = 0; n < 1_000; n += 1) expect(put(`ns-${n}-`, 1)).toEqual([]);
    for (let n = 0; n < 100; n += 1)
      expect(put(`late-${n}-`, 1)).toEqual([{ namespace: `late-${n}-`, n: 0 }]);
    const running = run();
    await clock.advance(95_000);
    expect([sent.length, new Set(sent).size, queue.size]).toEqual([1000, 1000, 0]);
    put('shop', 1);
    await clock.advance(100);
    expect(sent.at(-1)).toBe('shop0');
    await end(running);
  });

  it('Events are sent in turn between Namespaces', async () => {
    const { clock, sent, put, run, end } = setup();
    put('a', 3);
    put('b', 1);
    put('c', 2);
    const running = run();
    await clock.advance(0);
    expect(sent).toEqual(['a0', 'b0', 'c0', 'a1', 'c1', 'a2']);
    await end(running);
  });

  it('The Event of a Namespace waits for one turn while another one has a hundred waiting', async () => {
    const { clock, sent, put, run, end } = setup();
    put('storm', 100);
    const running = run();
    await clock.advance(1_050);
    const before = sent.length;
    put('shop', 1);
    await clock.advance(150);
    expect(sent.slice(before)).toEqual(['storm60', 'shop0']);
    await end(running);
  });

  it('A Namespace whose Events are not answered does not delay those of others', async () => {
    const { clock, sent, hanging, put, run, end } = setup();
    hanging.add('slow');
    put('slow', 50);
    const running = run();
    await clock.advance(0);
    put('shop', 5);
    await clock.advance(0);
    expect(sent).toEqual(['slow0', 'shop0', 'shop1', 'shop2', 'shop3', 'shop4']);
    await end(running);
  });

  it('At most four Events are sent at a time', async () => {
    const { clock, sent, hanging, put, run, end } = setup();
    const running = run();
    await clock.advance(0);
    for (let n = 0; n < 6; n += 1) {
      hanging.add(`slow-${n}-`);
      put(`slow-${n}-`, 1);
    }
    await clock.advance(10_000);
    expect(sent).toHaveLength(4);
    await end(running);
  });
});

describe('Event queue', () => {
  it.each([
    { when: 'nothing waits', items: 0 },
    { when: 'the next one waits for its turn', items: 51 },
  ])('The queue stops if its signal aborts while $when', async ({ items }) => {
    const { clock, put, run, stop } = setup();
    put('a', items);
    const running = run();
    await clock.advance(0);
    stop.abort();
    await running;
    expect(clock.pending).toBe(0);
  });

  it('The queue sends nothing if its signal has already aborted', async () => {
    const { put, run, stop, sent } = setup();
    put('a', 1);
    stop.abort();
    await run();
    expect(sent).toEqual([]);
  });
});
