import { describe, expect, it } from 'vitest';
import { IP, settled, setup, STALE_MS } from './callers-setup.ts';

describe('Callers by CNI results', () => {
  it('The caller is the Pod whose UID owns the address, in any spelling of the address', () => {
    const t = setup();
    t.tell({ uid: 'a' });
    t.results.give({ uid: 'a' }, [IP, 'fd00::7']);
    expect([IP, `::ffff:${IP}`, 'fd00:0::7', 'FD00::7%eth0'].map(t.who)).toEqual(['a', 'a', 'a', 'a']);
  });

  it('The caller is known before its status has an address, and whatever address that status has', () => {
    const t = setup();
    t.tell({ uid: 'a', ips: ['10.1.0.99'] });
    t.tell({ uid: 'b', ips: [IP] });
    t.results.give({ uid: 'a' });
    t.results.give({ uid: 'b' }, ['10.1.0.8']);
    expect([t.who(IP), t.who('10.1.0.8')]).toEqual(['a', 'b']);
  });

  it('The caller is unknown while the feed does not name its UID, whatever another Pod’s status says', () => {
    const t = setup();
    t.tell({ uid: 'former', ips: [IP] });
    t.results.give({ uid: 'new' });
    expect(t.callers.identify(IP)).toEqual({
      kind: 'unknown',
      uid: 'new',
      namespace: 'shop',
      waitsFor: 'the feed to list Pod shop/pod-new',
    });
  });

  it('An unknown caller has a Namespace if the owner has ended or is not in the feed, and otherwise none', () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    expect(t.callers.identify(IP)).toMatchObject({ kind: 'unknown', uid: 'a', namespace: 'shop' });
    t.tell({ uid: 'a', ended: true });
    expect(t.callers.identify(IP)).toMatchObject({ kind: 'unknown', uid: 'a', namespace: 'shop' });
    expect(t.callers.identify('10.1.0.8')).not.toHaveProperty('namespace');
  });

  it('An address without a result has no known caller while other Pods have results', async () => {
    const t = setup();
    t.tell({ uid: 'a', ips: ['10.1.0.8'] });
    t.tell({ uid: 'b', ips: [IP] });
    t.results.give({ uid: 'a' }, ['10.1.0.8']);
    await settled();
    const waitsFor = 'a CNI result with this address';
    expect(t.callers.identify(IP)).toEqual({ kind: 'unknown', waitsFor, undecided: true });
    expect(t.callers.identify('10.1.0.9')).toEqual({ kind: 'unknown', waitsFor });
    expect(t.callers.source).toBe('cni');
  });

  it('A static Pod is found by the UID that the runtime has for it', () => {
    const t = setup();
    t.tell({ uid: 'mirror', runtimeUid: 'hash' });
    t.results.give({ uid: 'hash' });
    expect(t.who()).toBe('mirror');
  });

  it('The caller is found by Namespace and name if its result has no UID', () => {
    const t = setup();
    t.tell({ uid: 'a', name: 'cart' });
    t.results.give({ name: 'cart' });
    expect(t.who()).toBe('a');
    t.remove('a');
    expect(t.who()).toBe('unknown');
  });

  it.each([
    { what: 'has ended', changes: { ended: true }, who: 'unknown' },
    { what: 'is terminating', changes: { terminating: true }, who: 'a' },
    { what: 'is on the host network', changes: { hostNetwork: true }, who: 'unknown' },
  ])('The caller at an address of a Pod that $what is $who', ({ changes, who }) => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.tell({ uid: 'a', ...changes });
    expect(t.who()).toBe(who);
  });

  it.each(['192.0.2.10', '::ffff:192.0.2.10', '2001:db8::10'])(
    'The caller at %s is the node, whatever a result says',
    (ip) => {
      const t = setup();
      t.tell({ uid: 'a' });
      t.results.give({ uid: 'a' }, ['192.0.2.10', '2001:db8::10']);
      expect(t.who(ip)).toBe('node');
    },
  );

  it('The caller is unknown if the source address is not an address', () => {
    expect(setup().who('not an address')).toBe('unknown');
  });

  it('The caller stays known while the feed is lost', async () => {
    const t = setup();
    t.tell({ uid: 'a', ips: [IP] });
    t.results.give({ uid: 'a' });
    t.feed.lostSinceMs = 0;
    await t.clock.advance(STALE_MS * 12);
    expect(t.who()).toBe('a');
  });
});

describe('Callers during an unreadable result', () => {
  it('Addresses of an unreadable result are held, whatever Pod status says, and other callers stay known', async () => {
    const t = setup();
    t.tell({ uid: 'a', ips: [IP] });
    t.tell({ uid: 'b', ips: [IP, '10.1.0.8'] });
    t.results.give({ uid: 'a' });
    t.results.give({ uid: 'b' }, ['10.1.0.8']);
    t.who();
    t.results.garble('a');
    await settled();
    expect(t.callers.identify(IP)).toEqual({
      kind: 'unknown',
      waitsFor: 'CNI result /results/pod-a-10.1.0.7, which cannot be read',
      undecided: true,
    });
    expect([t.who('10.1.0.8'), t.handovers]).toEqual(['b', []]);
    t.results.give({ uid: 'a' });
    expect(t.who()).toBe('a');
  });

  const CASES: readonly {
    status: string;
    pods: readonly Parameters<ReturnType<typeof setup>['tell']>[0][];
    who: string;
  }[] = [
    { status: 'that names it', pods: [{ uid: 'a', ips: [IP] }], who: 'a' },
    { status: 'without an address yet', pods: [{ uid: 'a' }], who: 'unknown' },
    { status: 'that names another', pods: [{ uid: 'a', ips: ['10.1.0.9'] }], who: 'unknown' },
    {
      status: 'that names it, being deleted',
      pods: [{ uid: 'a', ips: [IP], terminating: true }],
      who: 'unknown',
    },
    {
      status: 'that names it, as does that of another Pod',
      pods: [
        { uid: 'a', ips: [IP] },
        { uid: 'b', ips: [IP] },
      ],
      who: 'unknown',
    },
    {
      status: 'that names it, as does that of one that has ended',
      pods: [
        { uid: 'a', ips: [IP] },
        { uid: 'b', ips: [IP], ended: true },
      ],
      who: 'a',
    },
  ];
  it.each(CASES)(
    'While an unreadable file may name any address, a Pod with an older result and a status $status is $who',
    ({ pods, who }) => {
      const t = setup();
      pods.forEach(t.tell);
      t.results.give({ uid: 'a' });
      t.results.giveUnread('x-eth0');
      expect(t.who()).toBe(who);
      if (who === 'unknown')
        expect(t.callers.identify(IP)).toMatchObject({
          waitsFor: 'CNI result /results/x-eth0, which cannot be read',
          undecided: true,
        });
      t.results.endUnread('x-eth0');
      expect(t.who()).toBe('a');
    },
  );

  it('While an unreadable file may name any address, a Pod with a newer result is known as before', () => {
    const t = setup();
    t.tell({ uid: 'a', terminating: true });
    t.results.giveUnread('x-eth0');
    t.results.give({ uid: 'a' });
    expect(t.who()).toBe('a');
  });
});

describe('Reused addresses', () => {
  it.each([
    { feed: 'there', lostSinceMs: undefined },
    { feed: 'away', lostSinceMs: 0 },
  ])(
    'S4: A reused address is never answered as its former Pod if the runtime hands it over, the feed being $feed',
    async ({ lostSinceMs }) => {
      const t = setup();
      t.tell({ uid: 'former', ips: [IP] });
      t.results.give({ uid: 'former' });
      await settled();
      expect(t.who()).toBe('former');
      t.feed.lostSinceMs = lostSinceMs;
      t.results.takeBack('former');
      expect(t.who()).toBe('unknown');
      await settled();
      expect(t.who()).toBe('unknown'); // its result was removed, but Pod status is not trusted
      t.results.give({ uid: 'new' });
      expect(t.who()).toBe('unknown');
      await settled();
      expect(t.who()).toBe('unknown');
      t.tell({ uid: 'new' });
      expect(t.who()).toBe('new');
    },
  );

  it('S4: A reused address is never answered as its former Pod if the new result comes before the old one is removed', () => {
    const t = setup();
    t.tell({ uid: 'former', ips: [IP] });
    t.results.give({ uid: 'former' });
    t.results.give({ uid: 'new' });
    expect(t.who()).toBe('unknown');
    t.results.takeBack('new');
    expect(t.who()).toBe('unknown');
  });

  it('S4: A reused address is never answered as its former Pod if only the status of the Pods tells', () => {
    const t = setup({ cni: false });
    t.tell({ uid: 'former', ips: [IP], ended: true });
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });
});
