import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHeldIps } from '../../src/addresses/held-ips.ts';

const A = { uid: 'a', namespace: 'shop', name: 'cart', ips: ['10.1.0.7'] };
const B = { uid: 'b', namespace: 'shop', name: 'till', ips: ['10.1.0.7'] };
const RUNTIME = { runtimeUid: '', namespace: 'shop' };

describe('who holds an address', () => {
  it('is the newer of two files, whichever was read first', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.bigInt({ min: 1n, max: 9n }),
        fc.bigInt({ min: 1n, max: 9n }),
        (aFirst, ageA, ageB) => {
          const held = createHeldIps();
          const sets = [
            () => {
              held.set('f/a', A, ageA);
            },
            () => {
              held.set('f/b', B, ageB);
            },
          ];
          for (const set of aFirst ? sets : sets.reverse()) set();
          // Written in the same nanosecond: the name decides.
          expect(held.holder('10.1.0.7')?.uid).toBe(ageA > ageB ? 'a' : 'b');
        },
      ),
    );
  });

  it('is nobody at once when the file is removed, even with an older left-over of another Pod', () => {
    const held = createHeldIps();
    held.set('f/left-over', A, 1n);
    held.set('f/b', B, 2n);
    expect(held.free('f/b')).toBe(true);
    expect(held.holder('10.1.0.7')).toBeUndefined();
    held.set('f/left-over', A, 3n); // written anew: it is no left-over
    expect(held.holder('10.1.0.7')?.uid).toBe('a');
  });

  it('is still the Pod while one of its two files is there', () => {
    const held = createHeldIps();
    held.set('f/a1', A, 1n);
    held.set('f/a2', A, 2n);
    held.free('f/a2');
    expect(held.holder('10.1.0.7')).toEqual({ uid: 'a', namespace: 'shop', name: 'cart', since: 0 });
  });

  it('follows a file that is written anew with other addresses', () => {
    const held = createHeldIps();
    held.set('f/a', A, 5_000_000n);
    held.set('f/a', { ...A, ips: ['10.1.0.8', 'fd00::8'] }, 7_000_000n);
    expect(held.holder('10.1.0.7')).toBeUndefined();
    expect(held.holder('fd00::8')).toMatchObject({ uid: 'a', since: 7 });
    expect(held.uids()).toEqual(['a']);
  });

  it('names Pods by UID, by the UID of the runtime, and by name where a result has no UID', () => {
    const held = createHeldIps();
    held.set('f/a', A, 1n);
    held.set('f/b', { namespace: 'shop', name: 'till', ips: ['10.1.0.9'] }, 1n);
    expect(held.names({ ...RUNTIME, uid: 'a', name: 'cart' })).toBe(true);
    expect(held.names({ ...RUNTIME, uid: 'mirror', runtimeUid: 'a', name: 'static' })).toBe(true);
    expect(held.names({ ...RUNTIME, uid: 'x', name: 'till' })).toBe(true);
    expect(held.names({ ...RUNTIME, uid: 'x', name: 'cart' })).toBe(false);
    expect(held.uids()).toEqual(['a']);
  });

  it('remembers that a Pod had a result until the runtime removed it, but not one that is only unknown now', () => {
    const held = createHeldIps();
    held.set('f/a', A, 1n);
    held.set('f/b', B, 2n);
    held.free('f/a');
    held.remove('f/b');
    expect(held.names({ ...RUNTIME, uid: 'a', name: 'cart' })).toBe(true);
    expect(held.names({ ...RUNTIME, uid: 'b', name: 'till' })).toBe(false);
    expect(held.free('f/a')).toBe(false);
  });

  it('forgets the oldest of very many removed results', () => {
    const held = createHeldIps();
    for (let pod = 0; pod <= 4_096; pod += 1) {
      held.set('f', { ...A, uid: `uid-${pod}` }, 1n);
      held.free('f');
    }
    expect(held.names({ ...RUNTIME, uid: 'uid-0', name: 'x' })).toBe(false);
    expect(held.names({ ...RUNTIME, uid: 'uid-1', name: 'x' })).toBe(true);
  });

  it('can be handed on: each file with the addresses that no newer one took', () => {
    const held = createHeldIps();
    held.set('f/a', { ...A, ips: ['10.1.0.7', 'fd00::7'] }, 1n);
    held.set('f/b', B, 2n);
    held.set('f/c', { namespace: 'shop', name: 'desk', ips: ['10.1.0.9'] }, 3n);
    expect([...held.ips()].sort()).toEqual(['10.1.0.7', '10.1.0.9', 'fd00::7']);
    expect(held.results()).toEqual([
      { key: 'f/a', mtimeNs: 1n, result: { ...A, ips: ['fd00::7'] } },
      { key: 'f/b', mtimeNs: 2n, result: B },
      { key: 'f/c', mtimeNs: 3n, result: { namespace: 'shop', name: 'desk', ips: ['10.1.0.9'] } },
    ]);
    held.free('f/b');
    held.free('f/c');
    held.remember('elsewhere');
    expect(held.returned()).toEqual(['b', 'shop/desk', 'elsewhere']);
    expect(held.results()).toEqual([{ key: 'f/a', mtimeNs: 1n, result: { ...A, ips: ['fd00::7'] } }]);
    expect(held.names({ ...RUNTIME, uid: 'elsewhere', name: 'x' })).toBe(true);
  });
});
