import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createCallers } from '../../src/addresses/callers.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';
import { createTestLog, decidedOn, knownPod } from './known-pods.ts';
import { createMemoryResults, IP, settled, setup, short, STALE_MS } from './callers-setup.ts';

describe('who asks, by the status of Pods', () => {
  it.each([
    { why: 'no directory is configured', cni: false, prepare: () => undefined },
    {
      why: 'none can be read',
      cni: true,
      prepare: (t: ReturnType<typeof setup>) => {
        t.results.lose();
      },
    },
    {
      why: 'the results name none of the running Pods',
      cni: true,
      prepare: (t: ReturnType<typeof setup>) => {
        t.results.give({ uid: 'left-over' }, ['10.1.0.99']);
      },
    },
  ])('is the Pod with the address, where $why', async ({ cni, prepare }) => {
    const t = setup({ cni });
    prepare(t);
    t.tell({ uid: 'a', ips: [IP, 'fd00::7'] });
    await settled();
    expect([t.who(IP), t.who('fd00::7'), t.who('10.1.0.8')]).toEqual(['a', 'a', 'unknown']);
    expect(t.callers.source).toBe('pod-status');
  });

  it('is still nobody at an address that a left-over result names', async () => {
    const t = setup();
    t.results.give({ uid: 'left-over' });
    t.tell({ uid: 'a', ips: [IP] });
    await settled();
    expect(t.callers.source).toBe('pod-status');
    expect(t.who()).toBe('unknown');
  });

  it.each([
    { what: 'one that ended', other: { ended: true }, who: 'a' },
    { what: 'a terminating one', other: { terminating: true }, who: 'a' },
    { what: 'one on the network of the host', other: { hostNetwork: true }, who: 'node' },
    { what: 'another live one', other: {}, who: 'a+b' },
  ])('of a live Pod and $what is $who', ({ other, who }) => {
    const t = setup({ cni: false });
    t.tell({ uid: 'a', ips: [IP] });
    t.tell({ uid: 'b', ips: [IP], ...other });
    expect(t.who()).toBe(who);
  });

  it.each([
    { what: 'a terminating Pod is that Pod', pods: [{ terminating: true }], who: 'a' },
    {
      what: 'two terminating Pods is both',
      pods: [{ terminating: true }, { terminating: true }],
      who: 'a+b',
    },
    { what: 'an ended Pod is nobody', pods: [{ ended: true }], who: 'unknown' },
    {
      what: 'an ended, terminating Pod is nobody',
      pods: [{ ended: true, terminating: true }],
      who: 'unknown',
    },
    {
      what: 'an ended Pod on the network of the host is nobody',
      pods: [{ ended: true, hostNetwork: true }],
      who: 'unknown',
    },
  ])('of $what', ({ pods, who }) => {
    const t = setup({ cni: false });
    pods.forEach((changes, at) => {
      t.tell({ uid: 'ab'.charAt(at), ips: [IP], ...changes });
    });
    expect(t.who()).toBe(who);
  });

  it('ends with the Pod', () => {
    const t = setup({ cni: false });
    t.tell({ uid: 'a', ips: [IP] });
    expect(t.who()).toBe('a');
    t.remove('a');
    expect(t.who()).toBe('unknown');
  });

  it('is believed for --stale-ip while the feed is away, and again when it is back', async () => {
    const t = setup({ cni: false });
    t.tell({ uid: 'a', ips: [IP] });
    t.feed.awaySinceMs = 0;
    await t.clock.advance(STALE_MS);
    expect(t.who()).toBe('a');
    await t.clock.advance(1);
    expect(t.callers.identify(IP)).toMatchObject({ waitsFor: 'the feed, away for longer than --stale-ip' });
    t.feed.awaySinceMs = undefined;
    expect(t.who()).toBe('a');
  });

  it('is nobody before the feed was ever there, once --stale-ip has passed', async () => {
    const t = setup({ cni: false });
    t.feed.awaySinceMs = 0;
    await t.clock.advance(STALE_MS + 1);
    expect(t.who()).toBe('unknown');
  });
});

describe('S4, N6: the status of Pods never contradicts what CNI results have said', () => {
  /** The Pod `other` keeps the results of use while addresses are handed over. */
  async function twoPods() {
    const t = setup();
    t.tell({ uid: 'other', ips: ['10.1.0.99'] });
    t.results.give({ uid: 'other' }, ['10.1.0.99']);
    t.tell({ uid: 'former', ips: [IP], terminating: true });
    t.results.give({ uid: 'former' });
    await settled();
    expect(t.who()).toBe('former');
    return t;
  }

  async function lost(t: ReturnType<typeof setup>): Promise<void> {
    await settled();
    t.results.lose();
    await settled();
    expect(t.callers.source).toBe('pod-status');
  }

  it('an address that was another Pod’s by the last result is not the former one’s', async () => {
    const t = await twoPods();
    t.results.give({ uid: 'new' });
    await lost(t);
    expect([t.who(), t.who('10.1.0.99')]).toEqual(['unknown', 'other']);
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });

  it('an address that was released is not its former owner’s, though nobody has got it', async () => {
    const t = await twoPods();
    t.results.takeBack('former');
    await lost(t);
    expect(t.who()).toBe('unknown');
  });

  it('an address of a former sandbox is not the Pod’s', async () => {
    const t = await twoPods();
    t.results.give({ uid: 'former' }, ['10.1.0.8']);
    await lost(t);
    expect(t.who()).toBe('unknown');
    t.tell({ uid: 'former', ips: ['10.1.0.8'] });
    expect(t.who('10.1.0.8')).toBe('former');
  });

  it('an address that is still the Pod’s, as far as is known, is by its status', async () => {
    const t = await twoPods();
    await lost(t);
    expect(t.who()).toBe('former');
  });

  it('a Pod that never had a result may have got an address since', async () => {
    const t = await twoPods();
    t.results.takeBack('former');
    await lost(t);
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });

  it('a Pod that never had a result does not have what was another Pod’s while results counted', async () => {
    const t = await twoPods();
    t.tell({ uid: 'stale', ips: [IP, '10.1.0.8'] });
    await lost(t);
    expect([t.who(), t.who('10.1.0.8')]).toEqual(['former', 'stale']);
    t.tell({ uid: 'former', ips: [IP], ended: true });
    expect(t.who()).toBe('unknown');
    t.results.comeBack();
    t.results.give({ uid: 'stale' });
    await settled();
    expect(t.who()).toBe('stale');
    await lost(t);
    expect(t.who()).toBe('stale');
  });

  it('is remembered of a Pod for as long as the feed names it, however many others come and go', async () => {
    const t = await twoPods();
    t.results.takeBack('former');
    await settled();
    for (let pod = 0; pod <= 4_200; pod += 1) t.results.remember(`uid-${pod}`);
    await lost(t);
    expect(t.who()).toBe('unknown');
    t.remove('former');
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });

  it('an address whose result could not be read when it was lost is not answered by status', async () => {
    const t = await twoPods();
    t.results.garble('former');
    await lost(t);
    expect(t.who()).toBe('unknown');
  });

  it('holds for what a previous process knew', async () => {
    const before = await twoPods();
    before.results.give({ uid: 'new' });
    before.results.takeBack('other', ['10.1.0.99']);
    const t = setup();
    t.results.restore({ claims: before.results.kept(), named: ['other', 'former', 'new'] });
    t.results.lose();
    t.tell({ uid: 'former', ips: [IP] });
    t.tell({ uid: 'other', ips: ['10.1.0.99'] });
    await settled();
    expect([t.who(), t.who('10.1.0.99')]).toEqual(['unknown', 'unknown']);
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });
});

describe('the source of addresses', () => {
  const warnings = (t: ReturnType<typeof setup>) => t.log.lines.filter(([level]) => level === 'warn');

  it('is told at the start and when it changes, not more often', async () => {
    const t = setup();
    t.tell({ uid: 'a', ips: [IP] });
    await settled();
    t.tell({ uid: 'b', ips: ['10.1.0.8'] });
    await settled();
    t.results.give({ uid: 'a' });
    await settled();
    expect(t.sources).toEqual(['cni', 'pod-status', 'cni']);
    expect(warnings(t)).toEqual([
      [
        'warn',
        'addresses are read from the status of Pods',
        { error: 'the CNI results name none of the running Pods', directories: { '/results': 'ok' } },
      ],
    ]);
  });

  it('is the CNI results while no Pod runs that they could name', async () => {
    const t = setup();
    t.tell({ uid: 'scheduled' });
    t.tell({ uid: 'host', ips: ['192.0.2.10'], hostNetwork: true });
    t.tell({ uid: 'ended', ips: ['10.1.0.8'], ended: true });
    await settled();
    expect(t.callers.source).toBe('cni');
  });

  it('is not said before the directories were read for the first time; nobody is known by then', async () => {
    const log = createTestLog();
    const clock = createFakeClock();
    const table = createPodTable({ clock, log });
    const results = createMemoryResults(log);
    Object.assign(results.state, { usable: false, scanned: false });
    table.setPod(knownPod({ ips: [IP] }), decidedOn(1));
    const callers = createCallers({
      table,
      cniResults: results,
      nodeIps: [],
      staleIpMs: STALE_MS,
      feedAwaySinceMs: () => undefined,
      clock,
      log,
      metrics: { ipSource: () => undefined },
    });
    expect(short(callers.identify(IP))).toBe('unknown');
    expect(log.lines).toEqual([]);
    results.state.scanned = true;
    results.changed();
    await settled();
    expect(short(callers.identify(IP))).toBe('uid-1');
    expect(log.lines).toHaveLength(1);
  });
});
