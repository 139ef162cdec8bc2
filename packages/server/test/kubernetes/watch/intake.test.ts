import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createIntake } from '../../../src/kubernetes/watch/intake.ts';
import { pickNamespace } from '../../../src/kubernetes/objects/objects.ts';
import type { Namespace } from '../../../src/kubernetes/objects/objects.ts';
import { createStore } from '../../../src/kubernetes/objects/store.ts';

const namespace = (name: string, resourceVersion: string) => ({
  metadata: { name, uid: `u-${name}`, resourceVersion },
});

function setup() {
  const clock = createFakeClock();
  const keyOf = ({ name }: Namespace) => name;
  const kept = new Set<Namespace>();
  const droppedLast: Namespace[] = [];
  const dropped = (object: Namespace) => {
    kept.delete(object);
    droppedLast.push(object);
  };
  const store = createStore<Namespace>({ keyOf, log: silentLog, dropped });
  const faults: string[] = [];
  const intake = createIntake<Namespace>({
    pick: pickNamespace,
    keyOf,
    keyOfPart: ({ name }) => (name === '' ? undefined : name),
    store,
    clock,
    admit(object) {
      kept.add(object);
      return object;
    },
    dropped,
    unreadable: (fault, which) => faults.push(`${fault}: ${which}`),
  });
  const names = () => store.values().map(({ name }) => name);
  return { clock, store, intake, faults, names, kept, droppedLast };
}

describe('Watch intake', () => {
  it('Nothing of a list is visible before the list is complete', async () => {
    const { clock, store, intake, names } = setup();
    await clock.advance(70);
    const list = intake.list();
    list.add(namespace('a', '3'));
    list.add(namespace('b', '4'));
    expect([names(), store.syncedAtMs]).toEqual([[], undefined]);
    await list.finish('9');
    expect([names(), store.resourceVersion, store.syncedAtMs]).toEqual([['a', 'b'], '9', 70]);
  });

  it('Changes between the objects of a streaming list are applied', async () => {
    const { store, intake, names } = setup();
    const list = intake.list();
    expect(list.event({ type: 'ADDED', object: namespace('a', '3') })).toBe(false);
    await list.event({ type: 'ADDED', object: namespace('b', '4') });
    await list.event({ type: 'MODIFIED', object: namespace('b', '10') });
    await list.event({ type: 'DELETED', object: namespace('a', '11') });
    expect(list.event({ type: 'BOOKMARK', resourceVersion: '11', endsList: false })).toBe(false);
    expect(await list.event({ type: 'BOOKMARK', resourceVersion: '12', endsList: true })).toBe(true);
    expect([names(), store.get('b')?.resourceVersion, store.resourceVersion]).toEqual([['b'], '10', '12']);
  });

  it('A list starts without the objects of an abandoned one', async () => {
    const { intake, names, kept } = setup();
    const left = intake.list();
    left.add(namespace('left', '1'));
    left.abandon();
    const list = intake.list();
    list.add(namespace('a', '2'));
    await list.finish('3');
    list.abandon();
    expect(names()).toEqual(['a']);
    expect([...kept].map(({ name }) => name)).toEqual(['a']);
  });

  it('A list in progress holds stored objects that it repeats, and no second copies of them', async () => {
    const { store, intake, droppedLast } = setup();
    const first = intake.list();
    for (const name of ['same', 'changed']) first.add(namespace(name, '1'));
    await first.finish('2');
    const [same, changed] = [store.get('same'), store.get('changed')];
    const second = intake.list();
    second.add(namespace('same', '1'));
    second.add(namespace('changed', '3'));
    second.abandon();
    expect([droppedLast[0] === same, droppedLast[1] === changed]).toEqual([true, false]);
  });

  it('An object that is unreadable in a list is kept as it was, in doubt, until it can be read', async () => {
    const { intake, names, store } = setup();
    intake.event({ type: 'ADDED', object: namespace('a', '5') });
    const list = intake.list();
    list.add({ metadata: { name: 'a', resourceVersion: '6' } });
    list.add(namespace('b', '4'));
    await list.finish('7');
    expect([names(), store.isDoubted('a'), store.isDoubted('b')]).toEqual([['a', 'b'], true, false]);
    intake.event({ type: 'MODIFIED', object: namespace('a', '8') });
    expect(store.isDoubted('a')).toBe(false);
  });

  it('An unidentifiable object in a list casts doubt on every object that the list does not have', async () => {
    const { intake, store } = setup();
    const list = intake.list();
    list.add(undefined);
    list.add(namespace('b', '4'));
    await list.finish('7');
    expect([store.isDoubted('a'), store.isDoubted('b')]).toEqual([true, false]);
  });

  it.each(['MODIFIED', 'DELETED'] as const)(
    'Another list is needed after a streaming list in which a change (%s) is unreadable',
    async (type) => {
      const { intake } = setup();
      const list = intake.list();
      await list.event({ type: 'ADDED', object: {} });
      expect(list.missedChange).toBe(false);
      await list.event({ type, object: {} });
      expect(list.missedChange).toBe(true);
    },
  );

  it('Every object that the store does not keep is dropped', () => {
    const { intake, kept, names } = setup();
    intake.event({ type: 'ADDED', object: namespace('a', '1') });
    intake.event({ type: 'MODIFIED', object: namespace('a', '2') });
    intake.event({ type: 'MODIFIED', object: namespace('a', '2') });
    intake.event({ type: 'ADDED', object: namespace('b', '3') });
    intake.event({ type: 'DELETED', object: namespace('b', '4') });
    intake.event({ type: 'DELETED', object: namespace('c', '5') });
    expect(names()).toEqual(['a']);
    expect([...kept].map(({ resourceVersion }) => resourceVersion)).toEqual(['2']);
  });

  it.each(['ADDED', 'MODIFIED'] as const)(
    'The event %s is applied whether the object is known or not',
    (type) => {
      const { store, intake } = setup();
      expect(intake.event({ type, object: namespace('a', '5') }).from).toBe('5');
      expect(intake.event({ type, object: namespace('a', '6') }).from).toBe('6');
      expect(store.get('a')?.resourceVersion).toBe('6');
    },
  );

  it('A DELETED event removes its object', () => {
    const { intake, names } = setup();
    intake.event({ type: 'ADDED', object: namespace('a', '5') });
    expect(intake.event({ type: 'DELETED', object: namespace('a', '7') }).from).toBe('7');
    expect(names()).toEqual([]);
  });

  it('A bookmark advances the resourceVersion', () => {
    const { store, intake } = setup();
    expect(intake.event({ type: 'BOOKMARK', resourceVersion: '8', endsList: false }).from).toBe('8');
    expect(store.resourceVersion).toBe('8');
  });

  it.each([
    { object: { metadata: { name: 'x', resourceVersion: '5' } }, from: '5', which: '?/x/?' },
    {
      object: { metadata: { name: 'x', namespace: 'n', resourceVersion: '' } },
      from: undefined,
      which: 'n/x/?',
    },
    { object: { metadata: 'x' }, from: undefined, which: '?/?/?' },
    { object: null, from: undefined, which: '?/?/?' },
    { object: undefined, from: undefined, which: '?/?/?' },
    { object: 'x', from: undefined, which: '?/?/?' },
  ])(
    'The object $object is reported as unreadable, with the version to resume the watch from if it has one',
    ({ object, from, which }) => {
      const { intake, faults, names } = setup();
      expect(intake.event({ type: 'ADDED', object })).toEqual({ from, unreadable: true });
      intake.list().add(object);
      expect(names()).toEqual([]);
      expect(faults).toEqual([`it has no uid: ${which}`, `it has no uid: ${which}`]);
    },
  );
});
