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

describe('createStore', () => {
  it('is empty and not synced at first', () => {
    const { store } = setup();
    expect([store.size, store.resourceVersion, store.syncedAtMs]).toEqual([0, '', undefined]);
  });

  it('tells a new object, and a changed one with the previous', () => {
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

  it('tells nothing of an object with the same resourceVersion', () => {
    const { store, changes } = setup();
    store.set(pod({ uid: 'a' }));
    store.set(pod({ uid: 'a' }));
    store.replaceAll([pod({ uid: 'a' })], '5', 0);
    expect(changes).toHaveLength(1);
  });

  it('takes a list that is older than what it knows for a fact, the same version of an object included, and says so', () => {
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

  it('sees by an object that the API server went back, although the list counts on', () => {
    const { store, restored } = setup();
    store.set(pod({ uid: 'a', resourceVersion: '8' }));
    store.replaceAll([pod({ uid: 'a', resourceVersion: '8' })], '1000000000', 0);
    expect(restored).toEqual([]);
    store.replaceAll([pod({ uid: 'a', resourceVersion: '7' })], '1000000001', 0);
    expect(restored).toEqual([['1000000000', '1000000001']]);
  });

  it('does not take another object under a name for an older state of the former', () => {
    const { store, restored } = setup({ keyOf: ({ name }) => name });
    store.set(pod({ uid: 'a', name: 'x', resourceVersion: '8' }));
    store.replaceAll([pod({ uid: 'b', name: 'x', resourceVersion: '7' })], '9', 0);
    expect(restored).toEqual([]);
  });

  it('tells a removed object as it was, with the resourceVersion of its end', () => {
    const { store, changes } = setup();
    store.set(pod({ uid: 'a', resourceVersion: '1', ips: ['10.0.0.1'] }));
    store.remove(pod({ uid: 'a', resourceVersion: '9' }));
    expect(changes[1]).toEqual({
      kind: 'removed',
      object: pod({ uid: 'a', resourceVersion: '9', ips: ['10.0.0.1'] }),
    });
    expect(store.get('a')).toBeUndefined();
  });

  it('passes over the removal of what it does not have', () => {
    const { store, changes } = setup();
    store.remove(pod({ uid: 'a', resourceVersion: '9' }));
    expect(changes).toEqual([]);
    expect(store.resourceVersion).toBe('9');
  });

  it('becomes what a list says: what is not in it goes first, and what has not changed is not told', () => {
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

  it('remembers when it had its first full list', () => {
    const { store } = setup();
    store.replaceAll([], '1', 100);
    store.replaceAll([], '2', 200);
    expect(store.syncedAtMs).toBe(100);
  });

  it('takes a name that another object has now for the end of the former', () => {
    const { store, changes } = setup({ keyOf: ({ name }) => name });
    store.set(pod({ uid: 'old', name: 'app', resourceVersion: '1' }));
    store.set(pod({ uid: 'new', name: 'app', resourceVersion: '5' }));
    expect(changes.slice(1).map(({ kind, object }) => [kind, object.uid])).toEqual([
      ['removed', 'old'],
      ['set', 'new'],
    ]);
    expect(changes[2]).not.toHaveProperty('previous');
  });

  it('keeps the object that has the name now when the removal of the former comes late', () => {
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
  ])('knows how far the cluster is by $by', ({ act }) => {
    const { store } = setup();
    act(store);
    expect(store.resourceVersion).toBe('3');
  });

  it('tells the other listeners when one fails, and logs it', () => {
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
        message: 'listener failed',
        fields: { to: 'cluster', change: 'set', name: 'pod-a', error: 'broken' },
      },
    ]);
  });

  it('tells nothing more to a listener that has left', () => {
    const { store, changes, stop } = setup();
    stop();
    store.set(pod({ uid: 'a' }));
    expect(changes).toEqual([]);
  });

  it('lets a listener ask for what it is being told', () => {
    const { store } = setup();
    const seen: unknown[] = [];
    store.onChange(({ object }) => seen.push(store.get(object.uid)?.resourceVersion));
    store.set(pod({ uid: 'a', resourceVersion: '1' }));
    store.remove(pod({ uid: 'a', resourceVersion: '2' }));
    expect(seen).toEqual(['1', undefined]);
  });
});
