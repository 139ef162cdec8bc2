import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { Decision } from '../../../src/feed/table/known-pod.ts';
import { createPodTable } from '../../../src/feed/table/pod-table.ts';
import { createTestLog, decidedOn, knownPod } from '../../addresses/known-pods.ts';

const DENY: Decision = { kind: 'deny', reason: 'NamespaceDenied', message: 'revoked' };
const WITHDRAWN: Decision = { kind: 'pending', waitsFor: 'a new list of Pods', withdraws: true };

function setup() {
  const clock = createFakeClock();
  const log = createTestLog();
  const table = createPodTable({ clock, log });
  const kind = (uid = 'uid-1') => table.pod(uid)?.decision.kind;
  return { clock, log, table, kind };
}

describe('the Pod table', () => {
  it('finds a Pod by UID, by the UID of the runtime, by name and by each of its addresses', () => {
    const { table } = setup();
    const pod = knownPod({ name: 'cart', runtimeUid: 'hash', ips: ['10.1.0.7', 'fd00::7', '10.1.0.7'] });
    table.setPod(pod, decidedOn(5));
    expect(table.pod('uid-1')).toBe(pod);
    expect(table.podByRuntimeUid('hash')).toBe(pod);
    expect(table.podByName('shop', 'cart')).toBe(pod);
    expect(table.podsByIp('10.1.0.7')).toEqual([pod]);
    expect(table.podsByIp('fd00::7')).toEqual([pod]);
    expect(table.pods()).toEqual([pod]);
    expect(table.podByRuntimeUid('')).toBeUndefined();
  });

  it('forgets the ways to a Pod that changes or goes', () => {
    const { table } = setup();
    table.setPod(knownPod({ name: 'cart', runtimeUid: 'hash', ips: ['10.1.0.7'] }), decidedOn(5));
    table.setPod(knownPod({ name: 'cart', ips: ['10.1.0.8'] }), decidedOn(6));
    expect(table.podsByIp('10.1.0.7')).toEqual([]);
    expect(table.podByRuntimeUid('hash')).toBeUndefined();
    table.removePod('uid-1', '7');
    expect([table.pod('uid-1'), table.podByName('shop', 'cart'), table.podsByIp('10.1.0.8')]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });

  it('names a Pod by either UID and by its name, until it goes', () => {
    const { table } = setup();
    table.setPod(knownPod({ name: 'cart', runtimeUid: 'hash' }), decidedOn(5));
    const names = ['uid-1', 'hash', 'shop/cart', 'uid-2', '', 'shop/other', 'other/cart'];
    expect(names.filter(table.isNamed)).toEqual(['uid-1', 'hash', 'shop/cart']);
    table.removePod('uid-1', '6');
    expect(names.filter(table.isNamed)).toEqual([]);
  });

  it.each([
    { order: 'the former first', versions: [9, 10] },
    { order: 'the latter first', versions: [10, 9] },
  ])('gives a name to the Pod that was seen last ($order)', ({ versions: [first, second] }) => {
    const { table } = setup();
    table.setPod(knownPod({ uid: `uid-${first}`, name: 'db-0' }), decidedOn(String(first)));
    table.setPod(knownPod({ uid: `uid-${second}`, name: 'db-0' }), decidedOn(String(second)));
    expect(table.podByName('shop', 'db-0')?.uid).toBe('uid-10');
  });

  it('tells listeners once of what came together', async () => {
    const { table } = setup();
    let told = 0;
    const leave = table.onChange(() => {
      told += 1;
    });
    table.setPod(knownPod(), decidedOn(5));
    table.setSession({ id: 'session-1' });
    await Promise.resolve();
    expect(told).toBe(1);
    leave();
    table.removePod('uid-1', '6');
    await Promise.resolve();
    expect(told).toBe(1);
  });
});

describe('a decision', () => {
  it.each(['pod', 'namespace', 'serviceAccount'] as const)(
    'on an older %s is dropped: a lagging replica must not revive a revoked permit',
    (object) => {
      const { table, kind } = setup();
      expect(table.setPod(knownPod({ decision: DENY }), decidedOn(10))).toBe('set');
      // As text '9' is after '10'; and the two others are newer.
      expect(table.setPod(knownPod(), { ...decidedOn(11), [object]: '9' })).toBe('older');
      expect(kind()).toBe('deny');
    },
  );

  it.each([
    { what: 'the same versions', versions: decidedOn(10) },
    { what: 'newer versions', versions: decidedOn(11) },
    { what: 'versions that cannot be compared', versions: decidedOn('x') },
    { what: 'no versions', versions: decidedOn('') },
  ])('on $what is taken, one that withdraws in place of an allowing one too', ({ versions }) => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(10));
    expect(table.setPod(knownPod({ decision: WITHDRAWN }), versions)).toBe('set');
    expect(kind()).toBe('pending');
  });

  it('without a version does not open the door to ones that are older than what was seen before', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(10));
    table.setPod(knownPod({ decision: DENY }), { ...decidedOn(11), serviceAccount: '' });
    expect(table.setPod(knownPod(), { ...decidedOn(11), serviceAccount: '9' })).toBe('older');
    expect(kind()).toBe('deny');
  });

  it('with a version of a million digits costs no time and is taken', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn('9'.repeat(1_000_000)));
    expect(table.setPod(knownPod({ decision: DENY }), decidedOn('8'.repeat(1_000_000)))).toBe('set');
  });
});

describe('a Pod that was removed', () => {
  it.each([
    { what: 'the same state', version: 10, outcome: 'older' },
    { what: 'an older state', version: 9, outcome: 'older' },
    { what: 'a later state', version: 11, outcome: 'set' },
  ])('with $what does $outcome', ({ version, outcome }) => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(8));
    table.removePod('uid-1', '10');
    expect(table.setPod(knownPod(), { ...decidedOn(20), pod: String(version) })).toBe(outcome);
    expect(table.pod('uid-1') !== undefined).toBe(outcome === 'set');
  });

  it('is not brought back on an older Namespace', () => {
    const { table } = setup();
    table.setPod(knownPod({ decision: DENY }), decidedOn(8));
    table.removePod('uid-1', '10');
    expect(table.setPod(knownPod(), { ...decidedOn(11), namespace: '7' })).toBe('older');
    expect(table.setPod(knownPod(), { ...decidedOn(11), namespace: '8' })).toBe('set');
    expect(table.setPod(knownPod(), { ...decidedOn(12), namespace: '7' })).toBe('older');
  });

  it('before it was known does not come afterwards', () => {
    const { table } = setup();
    table.removePod('uid-1', '10');
    expect(table.setPod(knownPod(), decidedOn(9))).toBe('older');
  });

  it('by a replica that lags behind what was seen of it stays', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(10));
    table.removePod('uid-1', '9');
    expect(table.pod('uid-1')).toBeDefined();
  });

  it('is remembered for ten minutes', async () => {
    const { table, clock } = setup();
    table.removePod('uid-1', '10');
    await clock.advance(599_999);
    expect(table.setPod(knownPod(), decidedOn(9))).toBe('older');
    await clock.advance(1);
    expect(table.setPod(knownPod(), decidedOn(9))).toBe('set');
  });

  it('is remembered among ten thousand, not more', () => {
    const { table } = setup();
    for (let pod = 0; pod <= 10_000; pod += 1) table.removePod(`uid-${pod}`, '10');
    expect(table.setPod(knownPod({ uid: 'uid-0' }), decidedOn(9))).toBe('set');
    expect(table.setPod(knownPod({ uid: 'uid-1' }), decidedOn(9))).toBe('older');
  });
});

describe('a snapshot', () => {
  it('removes what it did not name, but only when it is complete', () => {
    const { table, kind } = setup();
    table.setPod(knownPod({ uid: 'gone' }), decidedOn(5));
    expect(table.synced).toBe(false);
    table.beginSnapshot();
    table.setPod(knownPod(), decidedOn(6));
    expect(kind('gone')).toBe('allow');
    table.endSnapshot('7');
    expect([kind('gone'), kind()]).toEqual([undefined, 'allow']);
    expect(table.synced).toBe(true);
  });

  it('that was cut off removes nothing, and the next one counts by itself', () => {
    const { table, kind } = setup();
    table.setPod(knownPod({ uid: 'gone' }), decidedOn(5));
    table.beginSnapshot();
    table.setPod(knownPod({ uid: 'gone' }), decidedOn(5));
    table.beginSnapshot();
    table.setPod(knownPod(), decidedOn(5));
    expect(kind('gone')).toBe('allow');
    table.endSnapshot('7');
    expect(kind('gone')).toBeUndefined();
  });

  it('leaves Pods that are newer than it', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(8));
    table.beginSnapshot();
    table.endSnapshot('7');
    expect(kind()).toBe('allow');
    table.beginSnapshot();
    table.endSnapshot('8');
    expect(kind()).toBeUndefined();
  });

  it('counts a Pod as named by an older decision too', () => {
    const { table, kind } = setup();
    table.setPod(knownPod({ decision: DENY }), { ...decidedOn(5), namespace: '9' });
    table.beginSnapshot();
    expect(table.setPod(knownPod(), decidedOn(5))).toBe('older');
    table.endSnapshot('7');
    expect(kind()).toBe('deny');
  });

  it('does not hinder removals that are said outright', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.beginSnapshot();
    table.removePod('uid-1', '6');
    expect(kind()).toBeUndefined();
  });

  it('keeps a Pod that it removed from coming back by a lagging replica', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.beginSnapshot();
    table.endSnapshot('7');
    expect(table.setPod(knownPod(), decidedOn(6))).toBe('older');
  });

  it('that ends without having begun removes nothing', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.endSnapshot('7');
    expect([kind(), table.synced]).toEqual(['allow', true]);
  });
});
