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

describe('Pod table', () => {
  it('The Pod table finds a Pod by UID, runtime UID, name and each of its addresses', () => {
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

  it('The Pod table forgets former names and addresses of a Pod that changes or is removed', () => {
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

  it('The Pod table knows for ten minutes that a Pod was removed', async () => {
    const { clock, table } = setup();
    table.setPod(knownPod({}), decidedOn(5));
    expect([table.isRemoved('uid-1'), table.isRemoved('uid-2')]).toEqual([false, false]);
    table.removePod('uid-1', '7');
    await clock.advance(599_999);
    expect([table.isRemoved('uid-1'), table.isRemoved('uid-2')]).toEqual([true, false]);
    await clock.advance(1);
    expect(table.isRemoved('uid-1')).toBe(false);
  });

  it('The Pod table names a Pod by either UID and by its name, until the Pod is removed', () => {
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
  ])('A name belongs to the Pod that was seen last ($order)', ({ versions: [first, second] }) => {
    const { table } = setup();
    table.setPod(knownPod({ uid: `uid-${first}`, name: 'db-0' }), decidedOn(String(first)));
    table.setPod(knownPod({ uid: `uid-${second}`, name: 'db-0' }), decidedOn(String(second)));
    expect(table.podByName('shop', 'db-0')?.uid).toBe('uid-10');
  });

  it('Listeners are called once for changes that happen together', async () => {
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

describe('Decisions', () => {
  it.each(['pod', 'namespace', 'serviceAccount'] as const)(
    'A decision on an older %s is dropped: a lagging replica must not revive a revoked permit',
    (object) => {
      const { table, kind } = setup();
      expect(table.setPod(knownPod({ decision: DENY }), decidedOn(10))).toBe('set');
      // As text '9' sorts after '10'. The two others are newer.
      expect(table.setPod(knownPod(), { ...decidedOn(11), [object]: '9' })).toBe('older');
      expect(kind()).toBe('deny');
    },
  );

  it.each([
    { what: 'the same versions', versions: decidedOn(10) },
    { what: 'newer versions', versions: decidedOn(11) },
    { what: 'versions that cannot be compared', versions: decidedOn('x') },
    { what: 'no versions', versions: decidedOn('') },
  ])('A decision on $what is taken, even one that withdraws an allowing decision', ({ versions }) => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(10));
    expect(table.setPod(knownPod({ decision: WITHDRAWN }), versions)).toBe('set');
    expect(kind()).toBe('pending');
  });

  it('A decision without a version does not admit decisions older than what was seen before', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(10));
    table.setPod(knownPod({ decision: DENY }), { ...decidedOn(11), serviceAccount: '' });
    expect(table.setPod(knownPod(), { ...decidedOn(11), serviceAccount: '9' })).toBe('older');
    expect(kind()).toBe('deny');
  });

  it('A decision with a version of a million digits is accepted', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn('9'.repeat(1_000_000)));
    expect(table.setPod(knownPod({ decision: DENY }), decidedOn('8'.repeat(1_000_000)))).toBe('set');
  });
});

describe('Removed Pods', () => {
  it.each([
    { what: 'the same state', version: 10, outcome: 'older' },
    { what: 'an older state', version: 9, outcome: 'older' },
    { what: 'a later state', version: 11, outcome: 'set' },
  ])('A removed Pod that is set again with $what is reported as $outcome', ({ version, outcome }) => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(8));
    table.removePod('uid-1', '10');
    expect(table.setPod(knownPod(), { ...decidedOn(20), pod: String(version) })).toBe(outcome);
    expect(table.pod('uid-1') !== undefined).toBe(outcome === 'set');
  });

  it('A removed Pod does not come back on an older Namespace', () => {
    const { table } = setup();
    table.setPod(knownPod({ decision: DENY }), decidedOn(8));
    table.removePod('uid-1', '10');
    expect(table.setPod(knownPod(), { ...decidedOn(11), namespace: '7' })).toBe('older');
    expect(table.setPod(knownPod(), { ...decidedOn(11), namespace: '8' })).toBe('set');
    expect(table.setPod(knownPod(), { ...decidedOn(12), namespace: '7' })).toBe('older');
  });

  it('A Pod that was removed before it was known does not come back', () => {
    const { table } = setup();
    table.removePod('uid-1', '10');
    expect(table.setPod(knownPod(), decidedOn(9))).toBe('older');
  });

  it('A removal by a lagging replica is ignored', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(10));
    table.removePod('uid-1', '9');
    expect(table.pod('uid-1')).toBeDefined();
  });

  it('A removed Pod is remembered for ten minutes', async () => {
    const { table, clock } = setup();
    table.removePod('uid-1', '10');
    await clock.advance(599_999);
    expect(table.setPod(knownPod(), decidedOn(9))).toBe('older');
    await clock.advance(1);
    expect(table.setPod(knownPod(), decidedOn(9))).toBe('set');
  });

  it('At most ten thousand removed Pods are remembered', () => {
    const { table } = setup();
    for (let pod = 0; pod <= 10_000; pod += 1) table.removePod(`uid-${pod}`, '10');
    expect(table.setPod(knownPod({ uid: 'uid-0' }), decidedOn(9))).toBe('set');
    expect(table.setPod(knownPod({ uid: 'uid-1' }), decidedOn(9))).toBe('older');
  });
});

describe('Snapshots', () => {
  it('A snapshot removes the Pods that it does not name, but only once it is complete', () => {
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

  it('An interrupted snapshot removes nothing, and does not count for the next one', () => {
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

  it('A snapshot keeps Pods that are newer than it', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(8));
    table.beginSnapshot();
    table.endSnapshot('7');
    expect(kind()).toBe('allow');
    table.beginSnapshot();
    table.endSnapshot('8');
    expect(kind()).toBeUndefined();
  });

  it('A Pod that a snapshot names with an older decision is kept', () => {
    const { table, kind } = setup();
    table.setPod(knownPod({ decision: DENY }), { ...decidedOn(5), namespace: '9' });
    table.beginSnapshot();
    expect(table.setPod(knownPod(), decidedOn(5))).toBe('older');
    table.endSnapshot('7');
    expect(kind()).toBe('deny');
  });

  it('A removal during a snapshot takes effect at once', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.beginSnapshot();
    table.removePod('uid-1', '6');
    expect(kind()).toBeUndefined();
  });

  it('A Pod that a snapshot removed does not come back by a lagging replica', () => {
    const { table } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.beginSnapshot();
    table.endSnapshot('7');
    expect(table.setPod(knownPod(), decidedOn(6))).toBe('older');
  });

  it('A snapshot that ends without having begun removes nothing', () => {
    const { table, kind } = setup();
    table.setPod(knownPod(), decidedOn(5));
    table.endSnapshot('7');
    expect([kind(), table.synced]).toEqual(['allow', true]);
  });
});
