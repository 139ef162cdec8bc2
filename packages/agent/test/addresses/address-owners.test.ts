import { describe, expect, it } from 'vitest';
import { createAddressOwners } from '../../src/addresses/address-owners.ts';

const IP = '10.1.0.7';
const V6 = 'fd00::7';
const RUNTIME = { runtimeUid: '', namespace: 'shop' };
const A = { ...RUNTIME, uid: 'a', name: 'pod-a' };
const B = { ...RUNTIME, uid: 'b', name: 'pod-b' };

/** The machine; files are learned of as they are told, or in one look if `createdNs` says in which order they came. */
function setup() {
  let released = 0;
  const owners = createAddressOwners({ released: () => (released += 1) });
  let turn = 0;
  const now = (createdNs?: bigint) =>
    createdNs === undefined ? { turn: (turn += 1), createdNs: 0n } : { turn: 0, createdNs };
  return {
    owners,
    now,
    released: () => released,
    give(file: string, uid: string, ips: readonly string[] = [IP], createdNs?: bigint) {
      const result = { uid, namespace: 'shop', name: `pod-${uid}`, ips };
      const stamp = { mtimeNs: 5_000_000n, createdNs: 7_000_000n };
      return owners.set(`/r/${file}`, { result, ...stamp }, now(createdNs));
    },
    free: (file: string) => owners.free(`/r/${file}`),
    garble: (file: string, anything = false) => {
      owners.unreadable(`/r/${file}`, anything, now());
    },
    who: (ip = IP) => owners.owner(ip)?.uid,
    /** Whose it is beyond doubt. */
    surely: (ip = IP) => (owners.owner(ip)?.inDoubtBy === undefined ? owners.owner(ip)?.uid : 'in doubt'),
  };
}

describe('the owner of an address', () => {
  it('is the Pod whose result was learned of last, and never again the former one', () => {
    const t = setup();
    t.give('a', 'a');
    expect(t.owners.owner(IP)).toEqual({ uid: 'a', namespace: 'shop', name: 'pod-a', since: 7 });
    expect(t.give('b', 'b')).toEqual(['/r/a']);
    expect(t.who()).toBe('b');
    t.give('a', 'a'); // dated otherwise, touched, read again
    expect(t.who()).toBe('b');
    t.free('b');
    expect(t.who()).toBeUndefined();
    t.give('a', 'a');
    expect(t.who()).toBeUndefined();
    t.give('a2', 'a');
    expect(t.who()).toBe('a');
  });

  it.each([
    { first: 'a', aNs: 1n, bNs: 2n, who: 'b' },
    { first: 'b', aNs: 1n, bNs: 2n, who: 'b' },
    { first: 'a', aNs: 2n, bNs: 1n, who: 'a' },
    { first: 'b', aNs: 2n, bNs: 1n, who: 'a' },
    { first: 'a', aNs: 1n, bNs: 1n, who: undefined },
    { first: 'b', aNs: 1n, bNs: 1n, who: undefined },
  ])(
    'of two files found by one look ($aNs, $bNs), $first read first, is $who',
    ({ first, aNs, bNs, who }) => {
      const t = setup();
      const reads = [() => t.give('a', 'a', [IP], aNs), () => t.give('b', 'b', [IP], bNs)];
      for (const read of first === 'a' ? reads : reads.reverse()) read();
      expect(t.who()).toBe(who);
    },
  );

  it('is told by when a file was noticed, not by when it could be read', () => {
    const t = setup();
    t.owners.learn('/r/a', t.now());
    t.give('b', 'b');
    t.give('a', 'a');
    expect(t.who()).toBe('b');
    t.owners.learn('/r/a', t.now());
    t.give('a', 'a');
    expect(t.who()).toBe('b');
  });

  it('is nobody when its file is removed, even if an older one that names it was read later', () => {
    const t = setup();
    t.owners.learn('/r/a', t.now());
    t.give('b', 'b');
    t.free('b');
    t.give('a', 'a');
    expect(t.who()).toBeUndefined();
  });

  it('is by its newest result alone: an address of an older sandbox of the Pod is not its own', () => {
    const t = setup();
    t.give('a1', 'a', [IP, V6]);
    expect(t.give('a2', 'a', ['10.1.0.8'])).toEqual(['/r/a1']);
    expect([t.who(), t.who(V6), t.who('10.1.0.8')]).toEqual([undefined, undefined, 'a']);
    t.free('a2');
    expect([t.who(), t.who('10.1.0.8')]).toEqual([undefined, undefined]);
    expect(t.owners.names(A)).toBe(true);
  });

  it('is by no result of a Pod that is older than one that was removed', () => {
    const t = setup();
    t.owners.learn('/r/a1', t.now());
    t.give('a2', 'a', ['10.1.0.8']);
    t.free('a2');
    t.give('a1', 'a');
    expect(t.who()).toBeUndefined();
  });

  it('is by neither of two results of a Pod of which nobody can say which is the newer', () => {
    const t = setup();
    t.give('a1', 'a', [IP], 1n);
    t.give('a2', 'a', [V6], 1n);
    expect([t.who(), t.who(V6)]).toEqual([undefined, undefined]);
  });

  it('is the Pod for both families of one result, and for one of them when the other is taken', () => {
    const t = setup();
    t.give('a', 'a', [IP, V6]);
    expect([t.who(), t.who(V6)]).toEqual(['a', 'a']);
    t.give('b', 'b');
    expect([t.who(), t.who(V6)]).toEqual(['b', 'a']);
  });

  it('is nobody once the newest result of the Pod has no address', () => {
    const t = setup();
    t.give('a', 'a');
    t.give('a2', 'a', []);
    expect(t.who()).toBeUndefined();
    t.give('c', 'c', []);
    expect(t.owners.names({ ...RUNTIME, uid: 'c', name: 'pod-c' })).toBe(false);
  });

  it('is nobody if a container that is no Pod has taken it', () => {
    const t = setup();
    t.give('a', 'a');
    const result = { namespace: '', name: '', ips: [IP] };
    expect(t.owners.set('/r/x', { result, mtimeNs: 1n, createdNs: 1n }, t.now())).toEqual(['/r/a']);
    expect([t.who(), t.owners.ips()]).toEqual([undefined, []]);
    expect(t.owners.says(A, IP)).toBe('not-own');
  });

  it('follows a file that names another address or another Pod', () => {
    const t = setup();
    t.give('f', 'a');
    t.give('f', 'a', ['10.1.0.8']);
    expect([t.who(), t.who('10.1.0.8')]).toEqual([undefined, 'a']);
    t.give('f', 'b', ['10.1.0.8']);
    expect(t.who('10.1.0.8')).toBe('b');
    expect([t.owners.says(A, '10.1.0.8'), t.owners.uids()]).toEqual(['not-own', ['b']]);
  });

  it('by a file that was written again and could be read late is as of when it was written', () => {
    const t = setup();
    t.give('f', 'a', ['10.1.0.8']);
    t.garble('f', true);
    t.give('c', 'c');
    t.give('f', 'a');
    expect([t.who(), t.who('10.1.0.8')]).toEqual(['c', undefined]);
  });

  it('does not get back an address that its file has not named for a while', () => {
    const t = setup();
    t.give('f', 'a', [IP, V6]);
    t.give('f', 'a', [V6]);
    t.give('f', 'a', [IP, V6]);
    expect([t.who(), t.who(V6)]).toEqual([undefined, 'a']);
  });

  it('is told of at once when it loses the address', () => {
    const t = setup();
    t.give('a', 'a', [IP, V6]);
    expect(t.released()).toBe(0);
    t.give('b', 'b');
    expect(t.released()).toBe(1);
    t.free('a');
    expect(t.released()).toBe(2);
    t.free('a');
    expect(t.released()).toBe(2);
  });
});

describe('a file that cannot be read', () => {
  it('makes its own addresses unknown, not those of others, and nobody else gets them', () => {
    const t = setup();
    t.give('left', 'a');
    t.give('other', 'c', ['10.1.0.8']);
    t.give('b', 'b');
    t.garble('b');
    expect([t.who(), t.who('10.1.0.8')]).toEqual([undefined, 'c']);
    expect([t.owners.unreadableAt(IP), t.owners.unreadableAt('10.1.0.8')]).toEqual(['/r/b', undefined]);
    expect(t.owners.says(B, IP)).toBe('unclear');
    expect(t.owners.says({ ...RUNTIME, uid: 'x', name: 'x' }, IP)).toBe('unsaid');
    t.give('b', 'b');
    expect([t.who(), t.owners.unreadableAt(IP)]).toEqual(['b', undefined]);
  });

  it('and never could puts all older results in doubt, and no newer one, until it is read or gone', () => {
    const t = setup();
    t.give('a', 'a');
    t.garble('x-eth0', true);
    t.garble('x-eth0', true);
    t.give('c', 'c', ['10.1.0.8']);
    t.garble('x-eth0', true); // tried again
    expect([t.surely(), t.surely('10.1.0.8')]).toEqual(['in doubt', 'c']);
    expect(t.owners.owner(IP)).toMatchObject({ uid: 'a', inDoubtBy: '/r/x-eth0' });
    const stranger = { ...RUNTIME, uid: 'x', name: 'x' };
    expect([t.owners.says(A, IP), t.owners.says(stranger, IP)]).toEqual(['own', 'unsaid']);
    t.free('x-eth0');
    expect([t.surely(), t.owners.says(stranger, IP)]).toEqual(['a', 'other']);
    t.garble('y-eth0', true);
    t.give('y-eth0', 'b');
    expect(t.surely()).toBe('b');
  });

  it('counts from when it was noticed', () => {
    const t = setup();
    t.give('a', 'a');
    t.owners.learn('/r/x-eth0', t.now());
    t.give('c', 'c', ['10.1.0.8']);
    t.garble('x-eth0', true);
    expect([t.surely(), t.surely('10.1.0.8')]).toEqual(['in doubt', 'c']);
  });

  it('that was found by one look with others puts those in doubt that are older by ctime or as old', () => {
    const t = setup();
    for (const [at, uid] of ['a', 'b', 'c'].entries()) t.give(uid, uid, [`10.1.0.${at}`], BigInt(at));
    t.owners.unreadable('/r/x-eth0', true, { turn: 0, createdNs: 1n });
    const ips = ['10.1.0.0', '10.1.0.1', '10.1.0.2'];
    expect(ips.map((ip) => t.surely(ip))).toEqual(['in doubt', 'in doubt', 'c']);
  });
});

describe('what is remembered of results', () => {
  it('names Pods by UID, by the UID of the runtime, and by name if a result has no UID', () => {
    const t = setup();
    t.give('a', 'a');
    const result = { namespace: 'shop', name: 'till', ips: ['10.1.0.9'] };
    t.owners.set('/r/b', { result, mtimeNs: 1n, createdNs: undefined }, t.now());
    expect(t.owners.names({ ...RUNTIME, uid: 'a', name: 'cart' })).toBe(true);
    expect(t.owners.names({ ...RUNTIME, uid: 'mirror', runtimeUid: 'a', name: 'static' })).toBe(true);
    expect(t.owners.names({ ...RUNTIME, uid: 'x', name: 'till' })).toBe(true);
    expect(t.owners.names({ ...RUNTIME, uid: 'x', name: 'cart' })).toBe(false);
    expect(t.owners.uids()).toEqual(['a']);
    expect(t.owners.owner('10.1.0.9')).toEqual({ namespace: 'shop', name: 'till', since: 0 });
  });

  it('says of a Pod what was its own, what is not any more, and nothing of Pods that had no result', () => {
    const t = setup();
    const c = { ...RUNTIME, uid: 'c', name: 'pod-c' };
    t.give('a', 'a', [IP, V6]);
    t.give('b', 'b');
    expect([t.owners.says(A, V6), t.owners.says(A, IP), t.owners.says(B, IP)]).toEqual([
      'own',
      'not-own',
      'own',
    ]);
    expect([t.owners.says(c, IP), t.owners.says(c, '10.1.0.9')]).toEqual(['other', 'unsaid']);
    t.free('b');
    expect([t.owners.says(B, IP), t.owners.says(B, '10.1.0.9'), t.owners.says(c, IP)]).toEqual([
      'not-own',
      'not-own',
      'other',
    ]);
  });

  it('is of a file of which nothing is known any more as it was, but the file owns nothing', () => {
    const t = setup();
    t.give('a', 'a');
    expect(t.owners.forget('/r/a')).toBe(true);
    expect(t.owners.forget('/r/a')).toBe(false);
    expect([t.who(), t.owners.ips(), t.owners.uids(), t.owners.names(A)]).toEqual([undefined, [], [], false]);
    expect(t.owners.says(A, IP)).toBe('own');
    t.give('b', 'b');
    expect(t.owners.says(A, IP)).toBe('not-own');
    t.give('a', 'a');
    expect(t.who()).toBe('b');
  });

  it('is given back by no file that is older than what was forgotten', () => {
    const t = setup();
    t.owners.learn('/r/left', t.now());
    t.give('b', 'b');
    t.free('b');
    for (let pod = 0; pod <= 4_096; pod += 1) {
      t.give('f', `uid-${pod}`, [`10.2.${pod >> 8}.${pod & 255}`]);
      t.free('f');
    }
    t.give('left', 'a');
    expect(t.who()).toBeUndefined();
    t.give('new', 'c');
    expect(t.who()).toBe('c');
  });

  it('is bounded; of what is forgotten first the Pod has no address that would be its own', () => {
    const t = setup();
    for (let pod = 0; pod <= 4_096; pod += 1) {
      t.give(`f${pod}`, `uid-${pod}`, [`10.2.${pod >> 8}.${pod & 255}`]);
      t.owners.forget(`/r/f${pod}`);
    }
    const says = (pod: number, ip: string) => t.owners.says({ ...RUNTIME, uid: `uid-${pod}`, name: 'x' }, ip);
    expect([says(0, '10.2.0.0'), says(1, '10.2.0.1')]).toEqual(['not-own', 'own']);
    expect(t.owners.kept()).toHaveLength(4_096);
    for (let pod = 0; pod <= 4_096; pod += 1) t.owners.remember(`returned-${pod}`);
    expect(t.owners.returned()).toHaveLength(4_096);
  });
});

describe('what a process leaves to the next', () => {
  function restarted(from: ReturnType<typeof setup>, named: readonly string[] = []) {
    const t = setup();
    t.owners.restore({ claims: from.owners.kept(), named });
    return t;
  }

  it('is who took which address from whom, whatever the clock says then', () => {
    const before = setup();
    before.give('left', 'a');
    before.give('b', 'b');
    const t = restarted(before);
    expect([t.who(), t.owners.says(B, IP), t.owners.says(A, IP)]).toEqual([undefined, 'own', 'not-own']);
    t.give('b', 'b', [IP], 1n);
    t.give('left', 'a', [IP], 2n);
    expect(t.who()).toBe('b');
  });

  it('is which Pods have given their address back', () => {
    const t = restarted(setup(), ['a']);
    expect([t.owners.says(A, IP), t.owners.names(A)]).toEqual(['not-own', true]);
  });

  it('is nothing if an older agent has left it: its Pods may have their addresses still', () => {
    const t = setup();
    t.owners.restore({ named: ['a'] });
    expect(t.owners.says(A, IP)).toBe('unsaid');
  });

  it('is older than everything that is learned of, in its own order', () => {
    const before = setup();
    before.give('a', 'a');
    before.garble('x-eth0', true);
    before.give('c', 'c', ['10.1.0.8']);
    const t = restarted(before);
    t.give('a', 'a', [IP], 3n);
    t.give('c', 'c', ['10.1.0.8'], 1n);
    expect([t.surely(), t.surely('10.1.0.8')]).toEqual(['in doubt', 'c']);
    t.give('new', 'n', ['10.1.0.8'], 0n);
    expect(t.surely('10.1.0.8')).toBe('n');
    t.free('x-eth0');
    expect(t.surely()).toBe('a');
  });
});
