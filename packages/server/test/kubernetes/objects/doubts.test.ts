import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createDoubts } from '../../../src/kubernetes/objects/doubts.ts';
import type { ServiceAccount } from '../../../src/kubernetes/objects/objects.ts';
import { createStore } from '../../../src/kubernetes/objects/store.ts';

describe('Doubts', () => {
  it('A doubt about a single object ends when the object is deleted', () => {
    const doubts = createDoubts();
    doubts.add('a');
    expect([doubts.gone('a'), doubts.has('a'), doubts.gone('a'), doubts.size]).toEqual([
      true,
      false,
      false,
      0,
    ]);
  });

  it('A doubt about all objects does not end for a deleted one, and its name is not kept', () => {
    const doubts = createDoubts();
    doubts.add(undefined);
    for (let name = 0; name < 5_000; name++) {
      doubts.confirm(`made-${name}`);
      doubts.gone(`made-${name}`);
    }
    doubts.confirm('stays');
    expect([doubts.size, doubts.has('stays'), doubts.has('made-1')]).toEqual([1, false, true]);
  });

  it('Doubts about more than a thousand objects become a doubt about all objects', () => {
    const doubts = createDoubts();
    for (let name = 0; name <= 1_000; name++) doubts.add(`made-${name}`);
    expect([doubts.size, doubts.has('any other')]).toEqual([0, true]);
  });
});

it('A store that doubts everything keeps no names of deleted objects, and confirms them when they are created again', () => {
  const store = createStore<ServiceAccount>({ keyOf: ({ name }) => name, log: silentLog });
  let version = 0;
  const object = (name: string, uid = name): ServiceAccount => ({
    uid,
    name,
    namespace: 'shop',
    annotations: {},
    resourceVersion: String((version += 1)),
  });
  store.doubt(undefined);
  for (let made = 0; made < 100; made++) {
    store.set(object(`made-${made}`));
    store.remove(object(`made-${made}`));
  }
  store.set(object('a'));
  expect([store.doubtedNames, store.isDoubted('a'), store.isDoubted('made-1')]).toEqual([1, false, true]);
  // A deletion that comes late is of the former one of the name.
  store.set(object('a', 'again'));
  store.remove(object('a'));
  expect([store.doubtedNames, store.isDoubted('a')]).toEqual([1, false]);
  store.set(object('made-1'));
  expect(store.isDoubted('made-1')).toBe(false);
});
