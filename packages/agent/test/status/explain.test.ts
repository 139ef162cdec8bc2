import { describe, expect, it } from 'vitest';
import { IP, settled } from '../addresses/callers-setup.ts';
import { DENIED, setup } from './status-setup.ts';

describe('Explain --pod with container credentials', () => {
  const credentials = {
    listening: { addresses: () => [] },
    serving: { current: () => true },
    keys: { count: () => 1, condition: () => 'current' as const },
  };

  it('A Pod on the host network is explained by what it gets by its token', () => {
    const t = setup({ credentials });
    t.tell({ name: 'csi', hostNetwork: true, ips: ['192.0.2.10'] });
    expect(t.explain('pod=shop/csi').byToken).toBe('held, then 503 HeldTimeout');
    t.hold();
    expect(t.explain('pod=shop/csi')).toMatchObject({ state: 'ok', answers: undefined });
    expect(t.ask('pod=shop/csi').text).toMatch(/^by its token now +200, the credentials, from memory$/m);
  });

  it('A refusal by token has its own status, and nothing is said while the endpoint is not served', () => {
    const t = setup({ credentials });
    t.tell({ name: 'cart', decision: { kind: 'deny', reason: 'NoRole', message: '' } });
    expect(t.explain('pod=shop/cart').byToken).toBe('404 NoRole');
    const off = setup();
    off.tell({ name: 'cart' });
    expect(off.explain('pod=shop/cart').byToken).toBeUndefined();
  });
});

describe('Explain --ip', () => {
  it('The explanation of an address names its owner, where that is known from, and the current answers', () => {
    const t = setup();
    t.tell({ name: 'cart' });
    t.results.give({ uid: 'uid-1', name: 'cart' });
    t.hold();
    const { found, text } = t.ask(`ip=::ffff:${IP}`);
    expect(found).toBe(true);
    expect(t.explain(`ip=${IP}`)).toMatchObject({
      addresses: [{ ip: IP, by: 'cni', says: expect.stringContaining('names shop/cart (uid-1)') }],
      state: 'ok',
      answers: { token: '200, a token', list: '200, cart', credentials: '200, the credentials, from memory' },
    });
    expect(text).toMatch(/^GET credentials now +200, the credentials, from memory$/m);
    expect(text).not.toContain('ASIAEXAMPLE');
  });

  it('The explanation of an address names the reason of a refusal, its meaning and the remedy', () => {
    const t = setup();
    t.tell({ name: 'cart', decision: DENIED });
    t.results.give({ uid: 'uid-1', name: 'cart' });
    expect(t.explain(`ip=${IP}`)).toMatchObject({
      state: 'NamespaceDenied',
      meaning: 'the Namespace does not permit what the Pod requests',
      remedy: expect.stringContaining('Annotate the Namespace with iam.amazonaws.com/permitted'),
      pod: { note: 'Namespace shop does not permit it' },
      answers: { list: '200, cart', credentials: '403 NamespaceDenied' },
    });
  });

  it('The explanation of an address says that the runtime names a Pod that the feed does not', () => {
    const t = setup();
    t.results.give({ uid: 'u-new', name: 'new' });
    const { found, value } = t.ask(`ip=${IP}`);
    expect(found).toBe(false);
    expect(value).toMatchObject({
      addresses: [{ by: 'cni', says: expect.stringContaining('shop/new (u-new)') }],
      state: 'PodNotFound',
      waitsFor: 'the feed to list Pod shop/new',
      answers: { token: '200, a token', credentials: 'held, then 503 HeldTimeout' },
    });
  });

  it('The explanation of an address without a known owner says what is waited for', () => {
    const { found, text } = setup().ask('ip=10.1.0.99');
    expect(found).toBe(false);
    expect(text).toMatch(/^address 10\.1\.0\.99 +no known owner$/m);
    expect(text).toMatch(/^ {2}waiting for +a CNI result with this address$/m);
  });

  it('The explanation of an address recognizes two Pods that share it, and the node itself', async () => {
    const t = setup();
    t.results.lose();
    t.tell({ uid: 'a', ips: [IP] });
    t.tell({ uid: 'b', ips: [IP] });
    await settled();
    expect(t.explain(`ip=${IP}`)).toMatchObject({
      state: 'AmbiguousIp',
      waitsFor: 'one of shop/pod-a, shop/pod-b to end',
      answers: { credentials: 'held, then 403 AmbiguousIp' },
    });
    expect(t.explain('ip=192.0.2.10')).toMatchObject({ state: 'HostNetwork' });
  });

  it('Explaining an address causes no handover', async () => {
    const t = setup();
    t.tell({ name: 'cart' });
    t.results.give({ uid: 'uid-1', name: 'cart' });
    t.ask(`ip=${IP}`);
    t.results.give({ uid: 'other', name: 'other' });
    await t.clock.advance(0);
    expect(t.handovers).toEqual([]);
  });
});

describe('Explain --pod', () => {
  it.each(['shop/cart', 'uid-1'])(
    'The explanation of Pod %s gives its state, its current answers and what it waits for',
    (name) => {
      const t = setup();
      t.tell({ name: 'cart', ips: [IP] });
      t.results.give({ uid: 'uid-1', name: 'cart' });
      expect(t.explain(`pod=${encodeURIComponent(name)}`)).toMatchObject({
        subject: 'Pod shop/cart',
        state: 'Pending',
        pod: { note: 'waiting for credentials from the server' },
        answers: { credentials: 'held, then 503 HeldTimeout' },
      });
    },
  );

  it('The explanation of a Pod says that no address leads to it yet', () => {
    const t = setup();
    t.tell({ name: 'cart' });
    expect(t.explain('pod=shop/cart')).toMatchObject({
      addresses: [],
      waitsFor: expect.stringContaining('no CNI result names the Pod yet'),
      answers: undefined,
    });
  });

  it('The explanation of a Pod says that another Pod owns an address of its status', () => {
    const t = setup();
    t.tell({ name: 'cart', ips: [IP] });
    t.results.give({ uid: 'other', name: 'other' });
    expect(t.explain('pod=shop/cart')).toMatchObject({
      addresses: [{ ip: IP, says: expect.stringContaining('names shop/other') }],
      waitsFor: expect.stringContaining('an address'),
    });
  });

  it('The explanation of an unknown Pod says what is waited for', () => {
    const t = setup();
    const told = () => t.ask('pod=shop/none');
    expect(told().found).toBe(false);
    expect(told().value).toMatchObject({
      meaning: 'no Pod of node node-1 has this name or UID',
      waitsFor: "the first feed, which lists this node's Pods",
    });
    t.table.beginSnapshot();
    t.table.endSnapshot('1');
    expect(told().value).toMatchObject({
      waitsFor: expect.stringContaining('the feed, which is synced'),
    });
    t.feed.lostSinceMs = 0;
    expect(told().value).toMatchObject({ waitsFor: expect.stringContaining('the feed, which is lost') });
  });

  it('The explanation of a Pod that only the runtime names says that the feed does not name it yet', () => {
    const t = setup();
    t.results.give({ uid: 'u-new', name: 'new' });
    expect(t.explain('pod=shop/new')).toMatchObject({
      addresses: [{ ip: IP, by: 'cni' }],
      waitsFor: 'the feed to list Pod shop/new',
    });
  });
});
