import { describe, expect, it } from '@jest/globals';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createIntake } from '../../src/kubernetes/intake.ts';
import { cutNamespace } from '../../src/kubernetes/objects.ts';
import type { Namespace } from '../../src/kubernetes/objects.ts';
import { createStore } from '../../src/kubernetes/store.ts';

const namespace = (name: string, resourceVersion: string) => ({
  metadata: { name, uid: `u-${name}`, resourceVersion },
});

function setup() {
  const clock = createFakeClock();
  const keyOf = ({ name }: Namespace) => name;
  const store = createStore<Namespace>({ keyOf, log: silentLog });
  const passedOver: string[] = [];
  const passOver = (fault: string, which: string) => passedOver.push(`${fault}: ${which}`);
  const intake = createIntake<Namespace>({ cut: cutNamespace, keyOf, store, clock, passOver });
  const names = () => store.values().map(({ name }) => name);
  return { clock, store, intake, passedOver, names };
}

describe('createIntake', () => {
  it('shows nothing of a list before it is whole', async () => {
    const { clock, store, intake, names } = setup();
    await clock.advance(70);
    const list = intake.list();
    list.add(namespace('a', '3'));
    list.add(namespace('b', '4'));
    expect([names(), store.syncedAtMs]).toEqual([[], undefined]);
    list.finish('9');
    expect([names(), store.resourceVersion, store.syncedAtMs]).toEqual([['a', 'b'], '9', 70]);
  });

  it('takes changes that come in between the objects of a streaming list', () => {
    const { store, intake, names } = setup();
    const list = intake.list();
    expect(list.event({ type: 'ADDED', object: namespace('a', '3') })).toBe(false);
    list.event({ type: 'ADDED', object: namespace('b', '4') });
    list.event({ type: 'MODIFIED', object: namespace('b', '10') });
    list.event({ type: 'DELETED', object: namespace('a', '11') });
    expect(list.event({ type: 'BOOKMARK', resourceVersion: '11', endsList: false })).toBe(false);
    expect(list.event({ type: 'BOOKMARK', resourceVersion: '12', endsList: true })).toBe(true);
    expect([names(), store.get('b')?.resourceVersion, store.resourceVersion]).toEqual([['b'], '10', '12']);
  });

  it('begins each list anew', () => {
    const { intake, names } = setup();
    intake.list().add(namespace('left', '1'));
    const list = intake.list();
    list.add(namespace('a', '2'));
    list.finish('3');
    expect(names()).toEqual(['a']);
  });

  it.each(['ADDED', 'MODIFIED'] as const)('takes %s whether the object is known or not', (type) => {
    const { store, intake } = setup();
    expect(intake.event({ type, object: namespace('a', '5') })).toBe('5');
    expect(intake.event({ type, object: namespace('a', '6') })).toBe('6');
    expect(store.get('a')?.resourceVersion).toBe('6');
  });

  it('takes away what is deleted', () => {
    const { intake, names } = setup();
    intake.event({ type: 'ADDED', object: namespace('a', '5') });
    expect(intake.event({ type: 'DELETED', object: namespace('a', '7') })).toBe('7');
    expect(names()).toEqual([]);
  });

  it('is moved on by a bookmark', () => {
    const { store, intake } = setup();
    expect(intake.event({ type: 'BOOKMARK', resourceVersion: '8', endsList: false })).toBe('8');
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
  ])('passes over $object, and goes on behind it where it tells where it is', ({ object, from, which }) => {
    const { intake, passedOver, names } = setup();
    expect(intake.event({ type: 'ADDED', object })).toBe(from);
    intake.list().add(object);
    expect(names()).toEqual([]);
    expect(passedOver).toEqual([`it has no uid: ${which}`, `it has no uid: ${which}`]);
  });
});
