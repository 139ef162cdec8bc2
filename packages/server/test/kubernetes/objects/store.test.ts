import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/kubernetes/objects/objects.ts';
import { createStore } from '../../../src/kubernetes/objects/store.ts';
import type { Change } from '../../../src/kubernetes/objects/store.ts';
import { pod, recordingLog } from '../setup.ts';

function setup({ keyOf = ({ uid }: Pod) => uid }: { keyOf?: (object: Pod) => string } = {}) {
  const { log, lines } = recordingLog();
  const restored: string[][] = [];
  const store = createStore<Pod>({ keyOf, log, restored: (from, to) => restored.push([from, to]) });
  const changes: Change<Pod>[] = [];
  const stop = store.onChange((change) => changes.push(change));
  return { store, changes, stop, lines, restored };
}

describe('Store', () => {
  it('A new store is empty and not synced', () => {
    const { store } = setup();
    expect([store.size, store.resourceVersion, store.syncedAtMs]).toEqual([0, '', undefined]);
  });

  it('The store reports a new object, and a changed one with its previous state', () => {
    const { store, changes } = setup();
    const before = pod({ uid: 'a', resourceVersion: '1' });
    const after = pod({ uid: 'a', resourceVersion: '2', ips: ['10.0.0.1'] });
    store.set(before);
    store.set(after);
    expect(changes).toEqual([
      { kind: 'set', object: before },
      { kind: 'set', object: after, previous: before },
    ]);
    expect(store.get('a')).toBe(after);
  });

  it('The store reports nothing for an object with the same resourceVersion', () => {
    const { store, changes } = setup();
    store.set(pod({ uid: 'a' }));
    store.set(pod({ uid: 'a' }));
    store.replaceAll([pod({ uid: 'a' })], '5', 0);
    expect(changes).toHaveLength(1);
  });

  it('The store adopts an older list, even for an object of the same version, and reports the restore', () => {
    const { store, changes, restored } = setup();
    const [lost, same] = [
      pod({ uid: 'lost', resourceVersion: '8' }),
      pod({ uid: 'a', resourceVersion: '7' }),
    ];
    for (const object of [same, lost]) store.set(object);
    // Given twice: once in the history that was lost.
    const again = pod({ uid: 'a', resourceVersion: '7', ips: ['10.0.0.1'] });
    store.replaceAll([again], '7', 0);
    expect([store.get('a'), store.size, store.resourceVersion]).toEqual([again, 1, '7']);
    expect(changes.at(-1)).toMatchObject({ kind: 'set', object: again, listed: true });
    expect(restored).toEqual([['8', '7']]);
  });

  it('The store detects a restore by an older object, even if the version of the list is higher', () => {
    const { store, restored } = setup();
    store.set(pod({ uid: 'a', resourceVersion: '8' }));
    store.replaceAll([pod({ uid: 'a', resourceVersion: '8' })], '1000000000', 0);
    expect(restored).toEqual([]);
    store.replaceAll([pod({ uid: 'a', resourceVersion: '7' })], '1000000001', 0);
    expect(restored).toEqual([['1000000000', '1000000001']]);
  });

  it('Another object under the same name is not treated as an older state of the previous one', () => {
    const { store, restored } = setup({ keyOf: ({ name }) => name });
    store.set(pod({ uid: 'a', name: 'x', resourceVersion: '8' }));
    store.replaceAll([pod({ uid: 'b', name: 'x', resourceVersion: '7' })], '9', 0);
    expect(restored).toEqual([]);
  });

  it('The store reports a removed object as it was, with the resourceVersion of its deletion', () => {
    const { store, changes } = setup();
    store.set(pod({ uid: 'a', resourceVersion: '1', ips: ['10.0.0.1'] }));
    store.remove(pod({ uid: 'a', resourceVersion: '9' }));
    expect(changes[1]).toEqual({
      kind: 'removed',
      object: pod({ uid: 'a', resourceVersion: '9', ips: ['10.0.0.1'] }),
    });
    expect(store.get('a')).toBeUndefined();
  });

  it('The removal of an unknown object is not reported, but advances the resourceVersion', () => {
    const { store, changes } = setup();
    store.remove(pod({ uid: 'a', resourceVersion: '9' }));
    expect(changes).toEqual([]);
    expect(store.resourceVersion).toBe('9');
  });

  it('A list replaces the store: missing objects are removed first, and unchanged ones are not reported', () => {
    const { store, changes } = setup();
    for (const uid of ['a', 'b', 'c']) store.set(pod({ uid }));
    changes.length = 0;
    store.replaceAll(
      [pod({ uid: 'd' }), pod({ uid: 'b', resourceVersion: '2' }), pod({ uid: 'a' })],
      '20',
      0,
    );
    expect(changes.map(({ kind, object }) => [kind, object.uid, object.resourceVersion])).toEqual([
      ['removed', 'c', '20'],
      ['set', 'd', '1'],
      ['set', 'b', '2'],
    ]);
    expect(
      store
        .values()
        .map(({ uid }) => uid)
        .sort(),
    ).toEqual(['a', 'b', 'd']);
  });

  it('The store remembers when it had its first complete list', () => {
    const { store } = setup();
    store.replaceAll([], '1', 100);
    store.replaceAll([], '2', 200);
    expect(store.syncedAtMs).toBe(100);
  });

  it('An object that takes over a name removes the previous one', () => {
    const { store, changes } = setup({ keyOf: ({ name }) => name });
    store.set(pod({ uid: 'old', name: 'app', resourceVersion: '1' }));
    store.set(pod({ uid: 'new', name: 'app', resourceVersion: '5' }));
    expect(changes.slice(1).map(({ kind, object }) => [kind, object.uid])).toEqual([
      ['removed', 'old'],
      ['set', 'new'],
    ]);
    expect(changes[2]).not.toHaveProperty('previous');
  });

  it('A late removal of the previous object keeps the one that has the name now', () => {
    const { store } = setup({ keyOf: ({ name }) => name });
    store.set(pod({ uid: 'new', name: 'app', resourceVersion: '5' }));
    store.remove(pod({ uid: 'old', name: 'app', resourceVersion: '6' }));
    expect(store.get('app')?.uid).toBe('new');
  });

  it.each([
    {
      by: 'an object',
      act: (store: ReturnType<typeof setup>['store']) => {
        store.set(pod({ uid: 'a', resourceVersion: '3' }));
      },
    },
    {
      by: 'a bookmark',
      act: (store: ReturnType<typeof setup>['store']) => {
        store.advance('3');
      },
    },
    {
      by: 'a list',
      act: (store: ReturnType<typeof setup>['store']) => {
        store.replaceAll([], '3', 0);
      },
    },
  ])('The resourceVersion of the store advances with $by', ({ act }) => {
    const { store } = setup();
    act(store);
    expect(store.resourceVersion).toBe('3');
  });

  it('The store tells the other listeners if one throws, and logs it', () => {
    const { store, lines } = setup();
    const told: string[] = [];
    store.onChange(() => {
      throw new Error('broken');
    });
    store.onChange(({ object }) => told.push(object.uid));
    store.set(pod({ uid: 'a' }));
    expect(told).toEqual(['a']);
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'internal event handler failed',
        fields: {
          to: 'cluster',
          change: 'set',
          name: 'pod-a',
          error: 'broken',
          hint: expect.stringContaining('bug') as unknown,
        },
      },
    ]);
  });

  it('A removed listener is not notified any more', () => {
    const { store, changes, stop } = setup();
    stop();
    store.set(pod({ uid: 'a' }));
    expect(changes).toEqual([]);
  });

  it('A listener that looks up the object finds the change', () => {
    const { store } = setup();
    const seen: unknown[] = [];
    store.onChange(({ object }) => seen.push(store.get(object.uid)?.resourceVersion));
    store.set(pod({ uid: 'a', resourceVersion: '1' }));
    store.remove(pod({ uid: 'a', resourceVersion: '2' }));
    expect(seen).toEqual(['1', undefined]);
  });
});
