import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import fc from 'fast-check';
import type { ResultEvent } from '../../src/addresses/result-tap.ts';
import { createFollowedResults } from '../../src/reconcile/followed-results.ts';
import { lineOf } from '../../src/reconcile/messages.ts';
import { parseMessage } from '../../src/reconcile/parse-message.ts';
import { knownPod } from '../addresses/known-pods.ts';
import { createTappedResults, FOLDER, IP } from './setup.ts';

const UIDS = ['a', 'b', 'c', 'd'] as const;
const IPS = ['10.1.0.1', '10.1.0.2', '10.1.0.3'] as const;

/** As received over the socket. */
function wired(event: ResultEvent): ResultEvent {
  return parseMessage(lineOf(event).trimEnd()) as ResultEvent;
}

/** Reconcile, and an agent that may be connected to it. */
function setup() {
  const results = createTappedResults({ log: silentLog });
  const follower = createFollowedResults();
  let leave: () => void = () => undefined;
  let from = results;
  return {
    results,
    follower,
    leave: () => {
      leave();
    },
    join(to = from) {
      from = to;
      leave();
      follower.beginSnapshot();
      for (const event of from.tap.snapshot()) follower.take(wired(event));
      follower.endSnapshot();
      leave = from.tap.on((event) => {
        follower.take(wired(event));
      });
    },
    who: (ip: string = IP) => follower.owners.owner(ip)?.uid,
    says: (uid: string, ip: string = IP) => follower.owners.says(knownPod({ uid }), ip),
  };
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant('give' as const),
    uid: fc.constantFrom(...UIDS),
    file: fc.constantFrom('1', '2', '3', '4', '5'),
    ips: fc.subarray([...IPS]),
  }),
  fc.record({
    kind: fc.constantFrom('takeBack' as const, 'forget' as const, 'garble' as const, 'garbleAny' as const),
    file: fc.constantFrom('1', '2', '3', '4', '5'),
  }),
  fc.record({ kind: fc.constantFrom('join' as const, 'leave' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

function play(t: ReturnType<typeof setup>, one: Step): void {
  switch (one.kind) {
    case 'give':
      t.results.give(one.uid, one.ips, one.file);
      return;
    case 'takeBack':
      t.results.takeBack(one.file);
      return;
    case 'forget':
      t.results.forget(one.file);
      return;
    case 'garble':
    case 'garbleAny':
      t.results.garble(one.file, one.kind === 'garbleAny');
      return;
    case 'join':
      t.join();
      return;
    case 'leave':
      t.leave();
  }
}

describe('Followed results', () => {
  it('An agent that joins at any time knows the same owners, with the same certainty, as reconcile', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const t = setup();
        t.join();
        for (const one of steps.filter(({ kind }) => kind !== 'leave')) {
          play(t, one);
          for (const ip of IPS) {
            const [told, read] = [t.follower.owners.owner(ip), t.results.owners.owner(ip)];
            expect([told?.uid, told?.contestedBy === undefined]).toEqual([
              read?.uid,
              read?.contestedBy === undefined,
            ]);
            expect(t.follower.owners.unreadableAt(ip)).toBe(t.results.owners.unreadableAt(ip));
          }
          // The agent may remember more: a Pod whose result is missing in a new snapshot counts as having had one. It may know less
          // about files that may no longer exist.
          if (steps.some(({ kind }) => kind !== 'give' && kind !== 'takeBack' && kind !== 'join')) continue;
          for (const uid of UIDS)
            if (t.results.owners.names(knownPod({ uid })))
              expect(t.follower.owners.names(knownPod({ uid }))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('An agent never knows another owner than reconcile, however often it was disconnected', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const t = setup();
        t.join();
        for (const one of steps) play(t, one);
        t.join();
        for (const ip of IPS) {
          const owner = t.who(ip);
          if (owner !== undefined) expect(owner).toBe(t.results.owners.owner(ip)?.uid);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('An agent keeps what it knew if reconcile restarts after the clock was set back', () => {
    const t = setup();
    t.results.give('former');
    t.results.give('new');
    t.join();
    t.leave();
    const restarted = createTappedResults({ log: silentLog });
    restarted.give('new');
    restarted.give('former');
    t.join(restarted);
    expect(t.who()).toBeUndefined();
    expect([t.says('former'), t.says('new')]).toEqual(['not-own', 'not-own']);
    restarted.give('new', [IP], 'another-sandbox');
    expect(t.who()).toBe('new');
  });

  it('A file that could only be read late is taken for a leftover', () => {
    const t = setup();
    t.join();
    for (const file of ['a1', 'former']) t.results.notice(file);
    t.results.give('a', ['10.1.0.8'], 'a2');
    t.results.give('new', [IP]);
    t.results.give('a', ['10.1.0.9'], 'a1');
    t.results.give('former');
    expect([t.who('10.1.0.8'), t.who('10.1.0.9'), t.who()]).toEqual(['a', undefined, 'new']);
    expect(t.says('former')).toBe('not-own');
    t.join(t.results);
    expect([t.who('10.1.0.8'), t.who('10.1.0.9'), t.who()]).toEqual(['a', undefined, 'new']);
  });

  it('A file that a restarted reconcile no longer has is known to be removed', () => {
    const t = setup();
    t.results.give('a');
    t.join();
    t.join(createTappedResults({ log: silentLog }));
    expect([t.who(), t.says('a')]).toEqual([undefined, 'not-own']);
  });

  it('Nothing of a directory that cannot be read counts as removed', () => {
    const t = setup();
    t.results.give('a');
    t.join();
    t.follower.beginSnapshot();
    t.follower.take({ kind: 'directories', states: { [FOLDER]: 'unreadable' } });
    t.follower.endSnapshot();
    expect([t.who(), t.says('a')]).toEqual([undefined, 'own']);
  });

  it('No result counts while its directory is missing', () => {
    const t = setup();
    t.join();
    t.follower.take({ kind: 'directories', states: { [FOLDER]: 'missing' } });
    t.results.give('a');
    expect(t.who()).toBeUndefined();
    t.follower.take({ kind: 'directories', states: { [FOLDER]: 'ok' } });
    expect(t.who()).toBe('a');
  });
});

describe('Reconcile of version 0.1', () => {
  /** A file as reported by 0.1: no order, no ctime, and no lost addresses. */
  const told = (uid: string, mtimeNs: number, ips: readonly string[] = [IP], file = uid): ResultEvent => {
    const line = {
      kind: 'result',
      file: `${FOLDER}/${file}`,
      uid,
      namespace: 'shop',
      name: `pod-${uid}`,
      ips,
    };
    return parseMessage(JSON.stringify({ ...line, mtimeNs: String(mtimeNs) })) as ResultEvent;
  };
  const directories: ResultEvent = { kind: 'directories', states: { [FOLDER]: 'ok' } };

  function snapshot(t: ReturnType<typeof setup>, ...events: readonly ResultEvent[]): void {
    t.follower.beginSnapshot();
    for (const event of [directories, ...events]) t.follower.take(event);
    t.follower.endSnapshot();
  }

  it('In the snapshot of reconcile 0.1 the mtime decides which file is newest', () => {
    const t = setup();
    snapshot(
      t,
      told('new', 2),
      told('former', 1),
      told('a', 4, ['10.1.0.9'], 'a2'),
      told('a', 3, ['10.1.0.8'], 'a1'),
    );
    expect([t.who(), t.who('10.1.0.8'), t.who('10.1.0.9')]).toEqual(['new', undefined, 'a']);
  });

  it('After the snapshot of reconcile 0.1 the order of arrival counts, whatever the mtime', () => {
    const t = setup();
    snapshot(t, told('former', 9));
    t.follower.take(told('new', 1));
    expect(t.who()).toBe('new');
    t.follower.take(told('former', 99));
    expect(t.who()).toBe('new');
  });

  it('The snapshot of reconcile 0.1 gives no address back', () => {
    const t = setup();
    snapshot(t, told('former', 9));
    t.follower.take(told('new', 1));
    snapshot(t, told('former', 9), told('new', 1, []));
    expect(t.who()).toBeUndefined();
    snapshot(t, told('new', 1));
    expect([t.who(), t.says('former')]).toEqual([undefined, 'not-own']);
    t.follower.take(told('new', 10, [IP], 'another-sandbox'));
    expect(t.who()).toBe('new');
  });
});

describe('Agent of version 0.1', () => {
  /** How it reads the lines: of files with one address the newest by mtime owns it. */
  function ownerFor01(lines: readonly string[], ip: string): string | undefined {
    const files = new Map<string, { uid: string; ips: string[]; mtimeNs: string }>();
    for (const line of lines) {
      const told = JSON.parse(line) as {
        kind: string;
        file: string;
        uid: string;
        ips: string[];
        mtimeNs: string;
      };
      if (told.kind === 'result') files.set(told.file, told);
      if (told.kind === 'removed' || told.kind === 'freed') files.delete(told.file);
    }
    return [...files.values()]
      .filter(({ ips }) => ips.includes(ip))
      .sort((a, b) => Number(BigInt(b.mtimeNs) - BigInt(a.mtimeNs)))[0]?.uid;
  }

  it('A 0.1 agent knows no other owner than reconcile of this version, whenever it connects', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, comesAt) => {
        const t = setup();
        const lines: string[] = [];
        for (const [at, one] of steps.entries()) {
          if (at === comesAt) {
            lines.push(...t.results.tap.snapshot().map(lineOf));
            t.results.tap.on((event) => void lines.push(lineOf(event)));
          }
          play(t, one);
          if (at < comesAt) continue;
          for (const ip of IPS) {
            const owner = ownerFor01(lines, ip);
            if (owner !== undefined) expect(owner).toBe(t.results.owners.owner(ip)?.uid);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
