import { describe, expect, it } from 'vitest';
import { IP, settled } from '../addresses/callers-setup.ts';
import { DENIED, setup } from './status-setup.ts';

describe('--ip', () => {
  it('says who holds the address, by what, and what it would be answered now', () => {
    const t = setup();
    t.tell({ name: 'cart' });
    t.results.give({ uid: 'uid-1', name: 'cart' });
    t.hold();
    const { found, text } = t.ask(`ip=::ffff:${IP}`);
    expect(found).toBe(true);
    expect(t.explain(`ip=${IP}`)).toMatchObject({
      addresses: [{ ip: IP, by: 'cni', says: expect.stringContaining('gives it to shop/cart (uid-1)') }],
      state: 'ok',
      answers: { token: '200, a token', list: '200, cart', credentials: '200, the credentials, from memory' },
    });
    expect(text).toMatch(/^GET credentials now +200, the credentials, from memory$/m);
    expect(text).not.toContain('ASIAEXAMPLE');
  });

  it('explains a refusal by its reason, its message and what to do', () => {
    const t = setup();
    t.tell({ name: 'cart', decision: DENIED });
    t.results.give({ uid: 'uid-1', name: 'cart' });
    expect(t.explain(`ip=${IP}`)).toMatchObject({
      state: 'NamespaceDenied',
      meaning: 'the Namespace does not permit what the Pod asks for',
      remedy: expect.stringContaining('permit it by iam.amazonaws.com/permitted'),
      pod: { note: 'Namespace shop does not permit it' },
      answers: { list: '200, cart', credentials: '403 NamespaceDenied' },
    });
  });

  it('says that the runtime names a Pod that the feed does not', () => {
    const t = setup();
    t.results.give({ uid: 'u-new', name: 'new' });
    const { found, value } = t.ask(`ip=${IP}`);
    expect(found).toBe(false);
    expect(value).toMatchObject({
      addresses: [{ by: 'cni', says: expect.stringContaining('shop/new (u-new)') }],
      state: 'PodNotFound',
      waitsFor: 'the feed to name the Pod shop/new',
      answers: { token: '200, a token', credentials: 'held, then 503 HeldTimeout' },
    });
  });

  it('says that nobody is known to own an address, and what is waited for', () => {
    const { found, text } = setup().ask('ip=10.1.0.99');
    expect(found).toBe(false);
    expect(text).toMatch(/^address 10\.1\.0\.99 +nothing says who owns it$/m);
    expect(text).toMatch(/^ {2}waits for +a CNI result with this address$/m);
  });

  it('tells two Pods with one address, and the node itself', async () => {
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

  it('is a look: it hands no address over', async () => {
    const t = setup();
    t.tell({ name: 'cart' });
    t.results.give({ uid: 'uid-1', name: 'cart' });
    t.ask(`ip=${IP}`);
    t.results.give({ uid: 'other', name: 'other' });
    await t.clock.advance(0);
    expect(t.handovers).toEqual([]);
  });
});

describe('--pod', () => {
  it.each(['shop/cart', 'uid-1'])('explains the Pod %s', (name) => {
    const t = setup();
    t.tell({ name: 'cart', ips: [IP] });
    t.results.give({ uid: 'uid-1', name: 'cart' });
    expect(t.explain(`pod=${encodeURIComponent(name)}`)).toMatchObject({
      subject: 'Pod shop/cart',
      state: 'Pending',
      pod: { note: 'waits for credentials, which the server is fetching' },
      answers: { credentials: 'held, then 503 HeldTimeout' },
    });
  });

  it('says that no address leads to the Pod yet', () => {
    const t = setup();
    t.tell({ name: 'cart' });
    expect(t.explain('pod=shop/cart')).toMatchObject({
      addresses: [],
      waitsFor: expect.stringContaining('no CNI result names the Pod yet'),
      answers: undefined,
    });
  });

  it('says that an address of its status is held by another', () => {
    const t = setup();
    t.tell({ name: 'cart', ips: [IP] });
    t.results.give({ uid: 'other', name: 'other' });
    expect(t.explain('pod=shop/cart')).toMatchObject({
      addresses: [{ ip: IP, says: expect.stringContaining('gives it to shop/other') }],
      waitsFor: expect.stringContaining('an address'),
    });
  });

  it('says that a Pod is not known, and what is waited for', () => {
    const t = setup();
    const told = () => t.ask('pod=shop/none');
    expect(told().found).toBe(false);
    expect(told().value).toMatchObject({
      meaning: 'no Pod of node node-1 has this name or UID',
      waitsFor: 'a server to tell of the Pods of this node',
    });
    t.table.beginSnapshot();
    t.table.endSnapshot('1');
    expect(told().value).toMatchObject({
      waitsFor: expect.stringContaining('the feed is connected and complete'),
    });
    t.feed.awaySinceMs = 0;
    expect(told().value).toMatchObject({ waitsFor: expect.stringContaining('the feed, which is lost') });
  });

  it('says of a Pod that only the runtime names that the feed does not yet', () => {
    const t = setup();
    t.results.give({ uid: 'u-new', name: 'new' });
    expect(t.explain('pod=shop/new')).toMatchObject({
      addresses: [{ ip: IP, by: 'cni' }],
      waitsFor: 'the feed to name the Pod shop/new',
    });
  });
});
