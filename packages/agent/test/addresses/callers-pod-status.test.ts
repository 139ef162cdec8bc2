import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createCallers } from '../../src/addresses/callers.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';
import { createTestLog, decidedOn, knownPod } from './known-pods.ts';
import { createMemoryResults, IP, settled, setup, short, STALE_MS } from './callers-setup.ts';

describe('Callers by Pod status', () => {
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
  ])('The caller is the Pod whose status has the address if $why', async ({ cni, prepare }) => {
    const t = setup({ cni });
    prepare(t);
    t.tell({ uid: 'a', ips: [IP, 'fd00::7'] });
    await settled();
    expect([t.who(IP), t.who('fd00::7'), t.who('10.1.0.8')]).toEqual(['a', 'a', 'unknown']);
    expect(t.callers.source).toBe('pod-status');
  });

  it("An address that a leftover result names has no known caller, even if a Pod's status has it", async () => {
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
    { what: 'a host-network one', other: { hostNetwork: true }, who: 'node' },
    { what: 'another live one', other: {}, who: 'a+b' },
  ])('The caller at an address of a live Pod and $what is $who', ({ other, who }) => {
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
    { what: 'an ended Pod is unknown', pods: [{ ended: true }], who: 'unknown' },
    {
      what: 'an ended, terminating Pod is unknown',
      pods: [{ ended: true, terminating: true }],
      who: 'unknown',
    },
    {
      what: 'an ended host-network Pod is unknown',
      pods: [{ ended: true, hostNetwork: true }],
      who: 'unknown',
    },
  ])('The caller at the address of $what', ({ pods, who }) => {
    const t = setup({ cni: false });
    pods.forEach((changes, at) => {
      t.tell({ uid: 'ab'.charAt(at), ips: [IP], ...changes });
    });
    expect(t.who()).toBe(who);
  });

  it('The caller is unknown once its Pod is removed', () => {
    const t = setup({ cni: false });
    t.tell({ uid: 'a', ips: [IP] });
    expect(t.who()).toBe('a');
    t.remove('a');
    expect(t.who()).toBe('unknown');
  });

  it('Pod status is trusted for --stale-ip after the feed is lost, and again once the feed is back', async () => {
    const t = setup({ cni: false });
    t.tell({ uid: 'a', ips: [IP] });
    t.feed.lostSinceMs = 0;
    await t.clock.advance(STALE_MS);
    expect(t.who()).toBe('a');
    await t.clock.advance(1);
    expect(t.callers.identify(IP)).toMatchObject({ waitsFor: 'the feed, lost for longer than --stale-ip' });
    t.feed.lostSinceMs = undefined;
    expect(t.who()).toBe('a');
  });

  it('The caller is unknown if the feed never connected and --stale-ip has passed', async () => {
    const t = setup({ cni: false });
    t.feed.lostSinceMs = 0;
    await t.clock.advance(STALE_MS + 1);
    expect(t.who()).toBe('unknown');
  });
});

describe('Pod status against CNI results', () => {
  /** The Pod `other` keeps the results usable while addresses change hands. */
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

  it('S4, N6: An address that the last result gave to another Pod is not the former Pod’s', async () => {
    const t = await twoPods();
    t.results.give({ uid: 'new' });
    await lost(t);
    expect([t.who(), t.who('10.1.0.99')]).toEqual(['unknown', 'other']);
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });

  it('S4, N6: A released address is not its former owner’s, even if no other Pod has it', async () => {
    const t = await twoPods();
    t.results.takeBack('former');
    await lost(t);
    expect(t.who()).toBe('unknown');
  });

  it('S4, N6: An address of a former sandbox is not the Pod’s', async () => {
    const t = await twoPods();
    t.results.give({ uid: 'former' }, ['10.1.0.8']);
    await lost(t);
    expect(t.who()).toBe('unknown');
    t.tell({ uid: 'former', ips: ['10.1.0.8'] });
    expect(t.who('10.1.0.8')).toBe('former');
  });

  it('S4, N6: An address that the last result still gives to the Pod is answered by its status', async () => {
    const t = await twoPods();
    await lost(t);
    expect(t.who()).toBe('former');
  });

  it('S4, N6: A Pod that never had a result may have got a released address since', async () => {
    const t = await twoPods();
    t.results.takeBack('former');
    await lost(t);
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });

  it('S4, N6: A Pod without a result does not get an address that was another Pod’s while results counted', async () => {
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

  it('S4, N6: A released address is remembered as long as the feed names its Pod, however many others come and go', async () => {
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

  it('S4, N6: An address whose result was unreadable when results were lost is not answered by status', async () => {
    const t = await twoPods();
    t.results.garble('former');
    await lost(t);
    expect(t.who()).toBe('unknown');
  });

  it('S4, N6: Pod status never contradicts results that a previous process has saved', async () => {
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

describe('Address source', () => {
  const warnings = (t: ReturnType<typeof setup>) => t.log.lines.filter(([level]) => level === 'warn');

  it('The address source is logged at the start and when it changes, not more often', async () => {
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
        'CNI results unusable; reading Pod addresses from Pod status',
        expect.objectContaining({
          error: 'the CNI results name none of the running Pods',
          directories: { '/results': 'ok' },
        }),
      ],
    ]);
  });

  it('A stopping agent does not warn that its CNI results are unusable', async () => {
    const t = setup();
    const stop = new AbortController();
    t.tell({ uid: 'a', ips: [IP] });
    t.results.give({ uid: 'a' });
    await settled();
    const running = t.callers.run(stop.signal);
    stop.abort();
    t.results.lose();
    await settled();
    await running;
    expect(t.callers.source).toBe('pod-status');
    expect(warnings(t)).toEqual([]);
  });

  it('CNI results are the address source while no Pod runs that they could name', async () => {
    const t = setup();
    t.tell({ uid: 'scheduled' });
    t.tell({ uid: 'host', ips: ['192.0.2.10'], hostNetwork: true });
    t.tell({ uid: 'ended', ips: ['10.1.0.8'], ended: true });
    await settled();
    expect(t.callers.source).toBe('cni');
  });

  it('Before the first scan of the directories no address source is logged and no caller is known', async () => {
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
      feedLostSinceMs: () => undefined,
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
