import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { startTurns } from './turns-setup.ts';
import type { Names } from './turns-setup.ts';

const NAMES: Names = { a: ['a1', 'a2', 'a3'], b: ['b1'], c: ['c1'] };

describe('Turn of the event loop', () => {
  it("A client's first piece of work in a turn runs immediately, however much others have waiting", () => {
    const t = startTurns(NAMES);
    for (let work = 1; work <= 50; work += 1) t.take(`a1.${work}`);
    t.take('a2.1');
    t.take('b1.1');
    expect(t.order()).toEqual(['a1.1', 'a2.1', 'b1.1']);
  });

  it('A client gets one piece of work per turn, immediately or later', () => {
    const t = startTurns(NAMES);
    for (const work of ['a1.1', 'a1.2', 'a1.3']) t.take(work);
    expect(t.order()).toEqual(['a1.1']);
    t.turn();
    t.take('a1.4');
    expect(t.order()).toEqual(['a1.2']);
    t.turn();
    t.turn();
    expect(t.order()).toEqual(['a1.3', 'a1.4']);
  });

  it('Work that must not run immediately waits until the event loop has polled its sockets', () => {
    const t = startTurns(NAMES);
    t.takeLater('a1.1');
    expect(t.order()).toEqual([]);
    t.turn();
    expect(t.order()).toEqual(['a1.1']);
  });

  it('The event loop is left alone once no work waits', () => {
    const t = startTurns(NAMES);
    t.take('a1.1');
    t.take('a1.2');
    expect([t.turn(), t.turn(), t.turn(), t.turn()]).toEqual([true, true, false, false]);
    t.take('a1.3');
    expect(t.order()).toEqual(['a1.1', 'a1.2', 'a1.3']);
  });
});

describe('Round', () => {
  it('A round runs one piece of work for each waiting group, taking its clients in turn', () => {
    const t = startTurns(NAMES);
    for (const client of ['a1', 'a2', 'b1', 'c1'])
      for (const work of [1, 2, 3]) t.takeLater(`${client}.${work}`);
    const rounds: string[][] = [];
    while (t.turn()) rounds.push(t.order());
    expect(rounds.filter((round) => round.length > 0)).toEqual([
      ['a1.1', 'b1.1', 'c1.1'],
      ['a2.1', 'b1.2', 'c1.2'],
      ['a1.2', 'b1.3', 'c1.3'],
      ['a2.2'],
      ['a1.3'],
      ['a2.3'],
    ]);
  });

  it('Rounds that take no time follow one another in a turn, for half a millisecond in all', () => {
    const t = startTurns(NAMES, { costMs: () => 0.1 });
    for (let work = 1; work <= 10; work += 1) t.takeLater(`a1.${work}`);
    t.turn();
    expect(t.order()).toHaveLength(5);
    t.turn();
    expect(t.order()).toHaveLength(5);
  });

  it('A turn has only one round if that takes long', () => {
    const t = startTurns(NAMES, { costMs: () => 100 });
    for (const client of ['a1', 'b1']) for (const work of [1, 2]) t.takeLater(`${client}.${work}`);
    t.turn();
    expect(t.order()).toEqual(['a1.1', 'b1.1']);
  });

  it('A client whose work brings its next one is not served twice in a round', () => {
    const t = startTurns(NAMES);
    t.effects.set('a1.1', () => {
      t.takeLater('a1.2');
    });
    t.takeLater('a1.1');
    t.takeLater('b1.1');
    t.takeLater('b1.2');
    t.turn();
    expect(t.order()).toEqual(['a1.1', 'b1.1']);
  });
});

interface Arrival {
  readonly client: string;
  readonly later: boolean;
  /** How many more follow on the same connection. */
  readonly pipelined: number;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  client: fc.constantFrom(...Object.values(NAMES).flat()),
  later: fc.boolean(),
  pipelined: fc.nat({ max: 3 }),
});
/** Arrivals in each turn of the loop. */
const schedules = fc.array(fc.array(arrival, { maxLength: 12, size: 'max' }), { maxLength: 12, size: 'max' });
const costs = fc.constantFrom(0.01, 0.1, 0.2, 0.3, 0.6, 5);

/** Watches who waits while work runs. */
function startWatch(costMs: number) {
  const t = startTurns(NAMES, { costMs: () => costMs });
  const waiting = new Map<string, number>();
  /** How many pieces of work each other client has had in turns since this one began to wait or last ran. */
  const since = new Map<string, Map<string, number>>();
  let count = 0;
  let most = 0;

  function begin(client: string, followed: number): string {
    count += 1;
    const work = `${client}.${count}`;
    waiting.set(client, (waiting.get(client) ?? 0) + 1);
    if (waiting.get(client) === 1) since.set(client, new Map());
    t.effects.set(work, () => {
      done(client);
      if (followed > 0) t.takeLater(begin(client, followed - 1));
    });
    return work;
  }

  function done(client: string): void {
    waiting.set(client, (waiting.get(client) ?? 0) - 1);
    if (t.ran.at(-1)?.phase === 'at once') return;
    since.set(client, new Map());
    for (const [other, counts] of since) {
      if (other === client || waiting.get(other) === 0) continue;
      counts.set(client, (counts.get(client) ?? 0) + 1);
      if (mayCompare(client, other)) most = Math.max(most, counts.get(client) ?? 0);
    }
  }

  return {
    arrive({ client, later, pipelined }: Arrival) {
      const work = begin(client, pipelined);
      if (later) t.takeLater(work);
      else t.take(work);
    },
    turn: () => t.turn(),
    ran: t.ran,
    begun: () => count,
    /** The most that anybody ran in turns while somebody else waited. */
    most: () => most,
  };
}

/**
 * Clients of one group share its turns. Across two groups, only clients that are alone in theirs have a turn in each
 * round.
 */
function mayCompare(one: string, other: string): boolean {
  return one.startsWith('a') === other.startsWith('a') || !other.startsWith('a');
}

describe('Turns, property', () => {
  it("All work runs once, and only a client's first piece in a turn runs immediately", () => {
    fc.assert(
      fc.property(schedules, costs, (schedule, costMs) => {
        const watch = startWatch(costMs);
        let served: readonly string[] = [];
        for (const arrivals of schedule) {
          let before = watch.ran.length;
          for (const one of arrivals) watch.arrive(one);
          const asked = arrivals.filter(({ client, later }) => !later && !served.includes(client));
          const atOnce = watch.ran.slice(before).map(({ client }) => client);
          expect(atOnce).toEqual([...new Set(asked.map(({ client }) => client))]);
          before = watch.ran.length;
          watch.turn();
          served = watch.ran.slice(before).map(({ client }) => client);
        }
        while (watch.turn());
        const works = watch.ran.map(({ work }) => work);
        expect(new Set(works).size).toBe(works.length);
        expect(works).toHaveLength(watch.begun());
      }),
    );
  });

  it('No client has a third turn before each waiting client of its group, or alone in another, has had one', () => {
    fc.assert(
      fc.property(schedules, costs, (schedule, costMs) => {
        const watch = startWatch(costMs);
        for (const arrivals of schedule) {
          for (const one of arrivals) watch.arrive(one);
          watch.turn();
        }
        while (watch.turn());
        expect(watch.most()).toBeLessThanOrEqual(2);
      }),
      { numRuns: 300 },
    );
  });
});
