import { describe, expect, it } from 'vitest';
import { createAddressOwners } from '../../src/addresses/address-owners.ts';

const IP = '10.1.0.7';
const V6 = 'fd00::7';
const RUNTIME = { runtimeUid: '', namespace: 'shop' };
const A = { ...RUNTIME, uid: 'a', name: 'pod-a' };
const B = { ...RUNTIME, uid: 'b', name: 'pod-b' };

/** The node. Files are learned of one by one, or in one scan if `createdNs` gives their order. */
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
    /** The owner, if it is certain. */
    surely: (ip = IP) => (owners.owner(ip)?.contestedBy === undefined ? owners.owner(ip)?.uid : 'uncertain'),
  };
}

describe('Address owners', () => {
  it('An address is owned by the Pod of the result seen last, and never again by its former Pod', () => {
    const t = setup();
    t.give('a', 'a');
    expect(t.owners.owner(IP)).toEqual({ uid: 'a', namespace: 'shop', name: 'pod-a', since: 7 });
    expect(t.give('b', 'b')).toEqual(['/r/a']);
    expect(t.who()).toBe('b');
    t.give('a', 'a'); // redated, touched, reread
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
    'Of two files found by one scan ($aNs, $bNs), $first read first, the owner is $who',
    ({ first, aNs, bNs, who }) => {
      const t = setup();
      const reads = [() => t.give('a', 'a', [IP], aNs), () => t.give('b', 'b', [IP], bNs)];
      for (const read of first === 'a' ? reads : reads.reverse()) read();
      expect(t.who()).toBe(who);
    },
  );

  it('The owner is decided by when a file was noticed, not by when it could be read', () => {
    const t = setup();
    t.owners.learn('/r/a', t.now());
    t.give('b', 'b');
    t.give('a', 'a');
    expect(t.who()).toBe('b');
    t.owners.learn('/r/a', t.now());
    t.give('a', 'a');
    expect(t.who()).toBe('b');
  });

  it('An address has no owner once its file is removed, even if an older file that names it is read later', () => {
    const t = setup();
    t.owners.learn('/r/a', t.now());
    t.give('b', 'b');
    t.free('b');
    t.give('a', 'a');
    expect(t.who()).toBeUndefined();
  });

  it('Only the newest result of a Pod counts: an address of its older sandbox is not its own', () => {
    const t = setup();
    t.give('a1', 'a', [IP, V6]);
    expect(t.give('a2', 'a', ['10.1.0.8'])).toEqual(['/r/a1']);
    expect([t.who(), t.who(V6), t.who('10.1.0.8')]).toEqual([undefined, undefined, 'a']);
    t.free('a2');
    expect([t.who(), t.who('10.1.0.8')]).toEqual([undefined, undefined]);
    expect(t.owners.names(A)).toBe(true);
  });

  it('A result that is older than a removed one of the same Pod gives no address', () => {
    const t = setup();
    t.owners.learn('/r/a1', t.now());
    t.give('a2', 'a', ['10.1.0.8']);
    t.free('a2');
    t.give('a1', 'a');
    expect(t.who()).toBeUndefined();
  });

  it('If it is unknown which of two results of a Pod is newer, neither gives it an address', () => {
    const t = setup();
    t.give('a1', 'a', [IP], 1n);
    t.give('a2', 'a', [V6], 1n);
    expect([t.who(), t.who(V6)]).toEqual([undefined, undefined]);
  });

  it('A Pod owns both families of one result, and keeps one of them if the other is taken', () => {
    const t = setup();
    t.give('a', 'a', [IP, V6]);
    expect([t.who(), t.who(V6)]).toEqual(['a', 'a']);
    t.give('b', 'b');
    expect([t.who(), t.who(V6)]).toEqual(['b', 'a']);
  });

  it('An address has no owner once the newest result of its Pod has no address', () => {
    const t = setup();
    t.give('a', 'a');
    t.give('a2', 'a', []);
    expect(t.who()).toBeUndefined();
    t.give('c', 'c', []);
    expect(t.owners.names({ ...RUNTIME, uid: 'c', name: 'pod-c' })).toBe(false);
  });

  it('An address that a container without a Pod has taken has no owner', () => {
    const t = setup();
    t.give('a', 'a');
    const result = { namespace: '', name: '', ips: [IP] };
    expect(t.owners.set('/r/x', { result, mtimeNs: 1n, createdNs: 1n }, t.now())).toEqual(['/r/a']);
    expect([t.who(), t.owners.ips()]).toEqual([undefined, []]);
    expect(t.owners.says(A, IP)).toBe('not-own');
  });

  it('The owner changes when a file names another address or another Pod', () => {
    const t = setup();
    t.give('f', 'a');
    t.give('f', 'a', ['10.1.0.8']);
    expect([t.who(), t.who('10.1.0.8')]).toEqual([undefined, 'a']);
    t.give('f', 'b', ['10.1.0.8']);
    expect(t.who('10.1.0.8')).toBe('b');
    expect([t.owners.says(A, '10.1.0.8'), t.owners.uids()]).toEqual(['not-own', ['b']]);
  });

  it('A rewritten file that is read late counts from when it was written', () => {
    const t = setup();
    t.give('f', 'a', ['10.1.0.8']);
    t.garble('f', true);
    t.give('c', 'c');
    t.give('f', 'a');
    expect([t.who(), t.who('10.1.0.8')]).toEqual(['c', undefined]);
  });

  it('A Pod does not get back an address that its file did not name for a while', () => {
    const t = setup();
    t.give('f', 'a', [IP, V6]);
    t.give('f', 'a', [V6]);
    t.give('f', 'a', [IP, V6]);
    expect([t.who(), t.who(V6)]).toEqual([undefined, 'a']);
  });

  it('Each lost address is reported once, when its owner loses it', () => {
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

describe('Unreadable files', () => {
  it('An unreadable file makes only its own addresses unknown, and no other Pod gets them', () => {
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

  it('A file that was never readable makes only older results uncertain, until it is read or removed', () => {
    const t = setup();
    t.give('a', 'a');
    t.garble('x-eth0', true);
    t.garble('x-eth0', true);
    t.give('c', 'c', ['10.1.0.8']);
    t.garble('x-eth0', true); // retried
    expect([t.surely(), t.surely('10.1.0.8')]).toEqual(['uncertain', 'c']);
    expect(t.owners.owner(IP)).toMatchObject({ uid: 'a', contestedBy: '/r/x-eth0' });
    const stranger = { ...RUNTIME, uid: 'x', name: 'x' };
    expect([t.owners.says(A, IP), t.owners.says(stranger, IP)]).toEqual(['own', 'unsaid']);
    t.free('x-eth0');
    expect([t.surely(), t.owners.says(stranger, IP)]).toEqual(['a', 'other']);
    t.garble('y-eth0', true);
    t.give('y-eth0', 'b');
    expect(t.surely()).toBe('b');
  });

  it('An unreadable file counts from when it was noticed', () => {
    const t = setup();
    t.give('a', 'a');
    t.owners.learn('/r/x-eth0', t.now());
    t.give('c', 'c', ['10.1.0.8']);
    t.garble('x-eth0', true);
    expect([t.surely(), t.surely('10.1.0.8')]).toEqual(['uncertain', 'c']);
  });

  it('Of files found by one scan, an unreadable one makes those uncertain whose ctime is not later', () => {
    const t = setup();
    for (const [at, uid] of ['a', 'b', 'c'].entries()) t.give(uid, uid, [`10.1.0.${at}`], BigInt(at));
    t.owners.unreadable('/r/x-eth0', true, { turn: 0, createdNs: 1n });
    const ips = ['10.1.0.0', '10.1.0.1', '10.1.0.2'];
    expect(ips.map((ip) => t.surely(ip))).toEqual(['uncertain', 'uncertain', 'c']);
  });
});

describe('Remembered results', () => {
  it("A Pod is found by its UID, by the runtime's UID, and by name if a result has no UID", () => {
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

  it('To a Pod an address is its own, no longer its own, another Pod’s, or one that no result names', () => {
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

  it('A forgotten file owns nothing, but what its result said is remembered', () => {
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

  it('A file that is older than a forgotten result gives the address to no Pod', () => {
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

  it('At most 4,096 results are remembered; a Pod whose result is forgotten has no address of its own', () => {
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

describe('Saved results', () => {
  function restarted(from: ReturnType<typeof setup>, named: readonly string[] = []) {
    const t = setup();
    t.owners.restore({ claims: from.owners.kept(), named });
    return t;
  }

  it('A restart keeps who took which address from whom, whatever the clock says', () => {
    const before = setup();
    before.give('left', 'a');
    before.give('b', 'b');
    const t = restarted(before);
    expect([t.who(), t.owners.says(B, IP), t.owners.says(A, IP)]).toEqual([undefined, 'own', 'not-own']);
    t.give('b', 'b', [IP], 1n);
    t.give('left', 'a', [IP], 2n);
    expect(t.who()).toBe('b');
  });

  it('A restart keeps which Pods have returned their addresses', () => {
    const t = restarted(setup(), ['a']);
    expect([t.owners.says(A, IP), t.owners.names(A)]).toEqual(['not-own', true]);
  });

  it('Pods that an older agent saved without results may still have their addresses', () => {
    const t = setup();
    t.owners.restore({ named: ['a'] });
    expect(t.owners.says(A, IP)).toBe('unsaid');
  });

  it('Saved results are older than all results seen since, and keep their own order', () => {
    const before = setup();
    before.give('a', 'a');
    before.garble('x-eth0', true);
    before.give('c', 'c', ['10.1.0.8']);
    const t = restarted(before);
    t.give('a', 'a', [IP], 3n);
    t.give('c', 'c', ['10.1.0.8'], 1n);
    expect([t.surely(), t.surely('10.1.0.8')]).toEqual(['uncertain', 'c']);
    t.give('new', 'n', ['10.1.0.8'], 0n);
    expect(t.surely('10.1.0.8')).toBe('n');
    t.free('x-eth0');
    expect(t.surely()).toBe('a');
  });
});
