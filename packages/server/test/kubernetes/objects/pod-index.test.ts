import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import fc from 'fast-check';
import type { Pod } from '../../../src/kubernetes/objects/objects.ts';
import { createPodIndex } from '../../../src/kubernetes/objects/pod-index.ts';
import { createStore } from '../../../src/kubernetes/objects/store.ts';
import { pod } from '../setup.ts';

function setup(pods: readonly Pod[] = []) {
  const store = createStore<Pod>({ keyOf: ({ uid }) => uid, log: silentLog });
  const index = createPodIndex({ store });
  for (const each of pods) store.set(each);
  return { store, index };
}

const uids = (pods: readonly Pod[]) => pods.map(({ uid }) => uid).sort();

describe('Pod index', () => {
  it('The index finds Pods by UID, node, address, Namespace and ServiceAccount', () => {
    const { index } = setup([
      pod({ uid: 'a', nodeName: 'n1', ips: ['10.0.0.1', 'fd00::1'], namespace: 'x', serviceAccount: 's' }),
      pod({ uid: 'b', nodeName: 'n1', ips: ['10.0.0.2'], namespace: 'x', serviceAccount: 't' }),
      pod({ uid: 'c', nodeName: 'n2', ips: ['10.0.0.1'], namespace: 'y', serviceAccount: 's' }),
    ]);
    expect(index.get('b')?.uid).toBe('b');
    expect(uids(index.onNode('n1'))).toEqual(['a', 'b']);
    expect(uids(index.byIp('n1', '10.0.0.1'))).toEqual(['a']);
    expect(uids(index.byIp('n1', 'fd00::1'))).toEqual(['a']);
    expect(uids(index.byIp('n2', '10.0.0.1'))).toEqual(['c']);
    expect(uids(index.inNamespace('x'))).toEqual(['a', 'b']);
    expect(uids(index.ofServiceAccount('x', 's'))).toEqual(['a']);
    expect(index.size).toBe(3);
  });

  it('A Pod without a node is found on no node', () => {
    const { index } = setup([pod({ uid: 'a', nodeName: '' })]);
    expect(index.onNode('')).toEqual([]);
    expect(uids(index.values())).toEqual(['a']);
  });

  it('A lookup by address returns every Pod of the node that has the address', () => {
    const { index } = setup([
      pod({ uid: 'old', ips: ['10.0.0.1'], ended: true }),
      pod({ uid: 'new', ips: ['10.0.0.1'] }),
    ]);
    expect(uids(index.byIp('node-1', '10.0.0.1'))).toEqual(['new', 'old']);
  });

  it('The index follows a Pod to another node and another address', () => {
    const { store, index } = setup([pod({ uid: 'a', nodeName: 'n1', ips: ['10.0.0.1'] })]);
    store.set(pod({ uid: 'a', resourceVersion: '2', nodeName: 'n2', ips: ['10.0.0.2'] }));
    expect(index.onNode('n1')).toEqual([]);
    expect(index.byIp('n2', '10.0.0.1')).toEqual([]);
    expect(uids(index.byIp('n2', '10.0.0.2'))).toEqual(['a']);
  });

  it('A removed Pod is found by no lookup', () => {
    const { store, index } = setup([pod({ uid: 'a' })]);
    store.remove(pod({ uid: 'a', resourceVersion: '2' }));
    expect([
      index.onNode('node-1'),
      index.inNamespace('team-a'),
      index.ofServiceAccount('team-a', 'default'),
    ]).toEqual([[], [], []]);
  });

  it('A Pod that is recreated under the same name is another Pod', () => {
    const { store, index } = setup([pod({ uid: 'old', name: 'app', ips: ['10.0.0.1'] })]);
    const told: string[] = [];
    index.onChange(({ kind, object }) => told.push(`${kind} ${object.uid}`));
    store.replaceAll([pod({ uid: 'new', name: 'app', ips: ['10.0.0.1'] })], '9', 0);
    expect(told).toEqual(['removed old', 'set new']);
    expect(uids(index.byIp('node-1', '10.0.0.1'))).toEqual(['new']);
  });

  it('The index has a change before its listeners are notified', () => {
    const { store, index } = setup();
    const seen: string[][] = [];
    index.onChange(() => seen.push(uids(index.onNode('node-1'))));
    store.set(pod({ uid: 'a' }));
    store.remove(pod({ uid: 'a', resourceVersion: '2' }));
    expect(seen).toEqual([['a'], []]);
  });

  it('The index includes the Pods that the store had before the index was created', () => {
    const { store } = setup([pod({ uid: 'a' })]);
    expect(uids(createPodIndex({ store }).onNode('node-1'))).toEqual(['a']);
  });

  it('The index always finds the same Pods as a search through all of them', () => {
    const some = fc.record({
      uid: fc.constantFrom('a', 'b', 'c', 'd'),
      nodeName: fc.constantFrom('', 'n1', 'n2'),
      namespace: fc.constantFrom('x', 'y'),
      serviceAccount: fc.constantFrom('s', 't'),
      ips: fc.subarray(['10.0.0.1', '10.0.0.2']),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 30 }), (steps) => {
        const { store, index } = setup();
        steps.forEach(({ gone, ...fields }, at) => {
          const object = pod({ ...fields, resourceVersion: `${at + 1}` });
          if (gone) store.remove(object);
          else store.set(object);
        });
        const all = store.values();
        for (const node of ['n1', 'n2']) {
          expect(uids(index.onNode(node))).toEqual(uids(all.filter(({ nodeName }) => nodeName === node)));
        }
        for (const space of ['x', 'y']) {
          const there = all.filter(({ namespace }) => namespace === space);
          expect(uids(index.inNamespace(space))).toEqual(uids(there));
          expect(uids(index.ofServiceAccount(space, 's'))).toEqual(
            uids(there.filter(({ serviceAccount }) => serviceAccount === 's')),
          );
        }
      }),
    );
  });
});
