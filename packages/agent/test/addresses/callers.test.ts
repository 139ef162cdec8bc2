import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '@rolegate/testing';
import { createCallers } from '../../src/addresses/callers.ts';
import type { Caller } from '../../src/addresses/callers.ts';
import { createChanges } from '../../src/addresses/changes.ts';
import { createHeldIps } from '../../src/addresses/held-ips.ts';
import type { KnownPod } from '../../src/feed/known-pod.ts';
import { createPodTable } from '../../src/feed/pod-table.ts';
import { createTestLog, decidedOn, knownPod } from './known-pods.ts';

const IP = '10.1.0.7';
const STALE_MS = 300_000;

/** CNI results in memory: the index is the real one. */
function createMemoryResults(log: ReturnType<typeof createTestLog>) {
  const held = createHeldIps();
  const changes = createChanges({ log });
  const state = { usable: true, scanned: true };
  let writtenNs = 0n;
  return {
    ...held,
    state,
    get scanned() {
      return state.scanned;
    },
    usable: () => state.usable,
    states: () => ({ '/results': state.usable ? ('ok' as const) : ('missing' as const) }),
    onChange: changes.on,
    /** The runtime gives the addresses to the Pod. */
    give: (pod: { uid?: string; name?: string }, ips: readonly string[] = [IP]) => {
      const { name = `pod-${pod.uid ?? ''}` } = pod;
      writtenNs += 1n;
      held.set(`${name}/${pod.uid ?? ''}`, { ...pod, namespace: 'shop', name, ips }, writtenNs);
      changes.notify();
    },
    takeBack: (uid: string) => {
      held.free(`pod-${uid}/${uid}`);
      changes.notify();
    },
    lose: () => {
      state.usable = false;
      changes.notify();
    },
    changed: changes.notify,
  };
}

function setup({ cni = true }: { cni?: boolean } = {}) {
  const clock = createFakeClock();
  const log = createTestLog();
  const table = createPodTable({ clock, log });
  const results = createMemoryResults(log);
  const feed: { awaySinceMs: number | undefined } = { awaySinceMs: undefined };
  const sources: string[] = [];
  const handovers: string[] = [];
  const callers = createCallers({
    table,
    cniResults: cni ? results : undefined,
    nodeIps: ['192.0.2.10', '2001:DB8::0010'],
    staleIpMs: STALE_MS,
    feedAwaySinceMs: () => feed.awaySinceMs,
    clock,
    log,
    metrics: { ipSource: (source) => void sources.push(source) },
  });
  callers.onHandover((ip) => void handovers.push(ip));
  let version = 0;
  return {
    clock,
    log,
    table,
    results,
    feed,
    sources,
    handovers,
    callers,
    /** The feed describes a Pod. */
    tell: (changes: Partial<KnownPod>) => {
      version += 1;
      table.setPod(knownPod(changes), decidedOn(version));
    },
    remove: (uid: string) => {
      version += 1;
      table.removePod(uid, String(version));
    },
    who: (ip = IP) => short(callers.identify(ip)),
  };
}

function short(caller: Caller): string {
  if (caller.kind === 'pod') return caller.pod.uid;
  return caller.kind === 'ambiguous' ? caller.pods.map(({ uid }) => uid).join('+') : caller.kind;
}

/** Lets the changes be told. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

describe('who asks, by the CNI results', () => {
  it('is the Pod whose UID holds the address, in any spelling of it', () => {
    const t = setup();
    t.tell({ uid: 'a' });
    t.results.give({ uid: 'a' }, [IP, 'fd00::7']);
    expect([IP, `::ffff:${IP}`, 'fd00:0::7', 'FD00::7%eth0'].map(t.who)).toEqual(['a', 'a', 'a', 'a']);
  });

  it('is known before the Pod has an address in its status, and does not care for what that says', () => {
    const t = setup();
    t.tell({ uid: 'a', ips: ['10.1.0.99'] });
    t.tell({ uid: 'b', ips: [IP] });
    t.results.give({ uid: 'a' });
    t.results.give({ uid: 'b' }, ['10.1.0.8']);
    expect([t.who(IP), t.who('10.1.0.8')]).toEqual(['a', 'b']);
  });

  it('is unknown while the feed does not name the UID, whatever the status of another Pod says', () => {
    const t = setup();
    t.tell({ uid: 'former', ips: [IP] });
    t.results.give({ uid: 'new' });
    expect(t.callers.identify(IP)).toEqual({
      kind: 'unknown',
      uid: 'new',
      waitsFor: 'the feed to name the Pod shop/pod-new',
    });
  });

  it('is unknown for an address without a result while other Pods have theirs', async () => {
    const t = setup();
    t.tell({ uid: 'a', ips: ['10.1.0.8'] });
    t.tell({ uid: 'b', ips: [IP] });
    t.results.give({ uid: 'a' }, ['10.1.0.8']);
    await settled();
    expect(t.callers.identify(IP)).toEqual({ kind: 'unknown', waitsFor: 'a CNI result with this address' });
    expect(t.callers.source).toBe('cni');
  });

  it('is a static Pod by the UID that the runtime has for it', () => {
    const t = setup();
    t.tell({ uid: 'mirror', runtimeUid: 'hash' });
    t.results.give({ uid: 'hash' });
    expect(t.who()).toBe('mirror');
  });

  it('is found by namespace and name where a result has no UID', () => {
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
    { what: 'is on the network of the host', changes: { hostNetwork: true }, who: 'unknown' },
  ])('of a Pod that $what is $who', ({ changes, who }) => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.tell({ uid: 'a', ...changes });
    expect(t.who()).toBe(who);
  });

  it.each(['192.0.2.10', '::ffff:192.0.2.10', '2001:db8::10'])(
    'is the node at %s, whatever a result says',
    (ip) => {
      const t = setup();
      t.tell({ uid: 'a' });
      t.results.give({ uid: 'a' }, ['192.0.2.10', '2001:db8::10']);
      expect(t.who(ip)).toBe('node');
    },
  );

  it('is unknown at what is no address', () => {
    expect(setup().who('not an address')).toBe('unknown');
  });

  it('goes on for as long as the feed is away', async () => {
    const t = setup();
    t.tell({ uid: 'a', ips: [IP] });
    t.results.give({ uid: 'a' });
    t.feed.awaySinceMs = 0;
    await t.clock.advance(STALE_MS * 12);
    expect(t.who()).toBe('a');
  });
});

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

describe('S4: a reused address is never the former Pod', () => {
  it.each([
    { feed: 'there', awaySinceMs: undefined },
    { feed: 'away', awaySinceMs: 0 },
  ])('when the runtime hands it over, the feed being $feed', async ({ awaySinceMs }) => {
    const t = setup();
    t.tell({ uid: 'former', ips: [IP] });
    t.results.give({ uid: 'former' });
    await settled();
    expect(t.who()).toBe('former');
    t.feed.awaySinceMs = awaySinceMs;
    t.results.takeBack('former');
    expect(t.who()).toBe('unknown');
    await settled();
    expect(t.who()).toBe('unknown'); // its only Pod's result is gone, and yet the status is not believed
    t.results.give({ uid: 'new' });
    expect(t.who()).toBe('unknown');
    await settled();
    expect(t.who()).toBe('unknown');
    t.tell({ uid: 'new' });
    expect(t.who()).toBe('new');
  });

  it('when the new result is there before the former one is removed', () => {
    const t = setup();
    t.tell({ uid: 'former', ips: [IP] });
    t.results.give({ uid: 'former' });
    t.results.give({ uid: 'new' });
    expect(t.who()).toBe('unknown');
    t.results.takeBack('new');
    expect(t.who()).toBe('unknown');
  });

  it('when only the status of the Pods tells', () => {
    const t = setup({ cni: false });
    t.tell({ uid: 'former', ips: [IP], ended: true });
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });
});

describe('a handover', () => {
  it('is told when an address that was given to a Pod is another one’s, and when it is nobody’s', async () => {
    const t = setup();
    t.tell({ uid: 'a' });
    t.tell({ uid: 'b' });
    t.results.give({ uid: 'a' });
    t.who();
    t.results.give({ uid: 'b' });
    await settled();
    expect(t.handovers).toEqual([IP]);
    t.results.takeBack('b');
    await settled();
    expect(t.handovers).toEqual([IP, IP]);
    t.results.give({ uid: 'a' });
    await settled();
    expect(t.handovers).toEqual([IP, IP]);
  });

  it('is told of a Pod too that the feed does not name yet', async () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    t.results.give({ uid: 'b' });
    await settled();
    expect(t.handovers).toEqual([IP]);
  });

  it.each([
    {
      what: 'the feed names the Pod',
      change: (t: ReturnType<typeof setup>) => {
        t.tell({ uid: 'a' });
      },
    },
    {
      what: 'the feed names a static Pod',
      change: (t: ReturnType<typeof setup>) => {
        t.tell({ uid: 'm', runtimeUid: 'a' });
      },
    },
    {
      what: 'the Pod has ended',
      change: (t: ReturnType<typeof setup>) => {
        t.tell({ uid: 'a', ended: true });
      },
    },
    {
      what: 'another address changes hands',
      change: (t: ReturnType<typeof setup>) => {
        t.results.give({ uid: 'b' }, ['10.1.0.8']);
      },
    },
  ])('is not told when $what', async ({ change }) => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    change(t);
    await settled();
    t.who();
    expect(t.handovers).toEqual([]);
  });

  it('is told of an unknown address by nobody’s asking', async () => {
    const t = setup();
    t.who();
    t.tell({ uid: 'a' });
    t.results.give({ uid: 'a' });
    await settled();
    expect(t.handovers).toEqual([]);
  });

  it('is told when a request finds it before the change was told', () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    t.results.give({ uid: 'b' });
    t.who();
    expect(t.handovers).toEqual([IP]);
  });

  it('is told when the feed has been away for too long', async () => {
    const t = setup({ cni: false });
    const stop = new AbortController();
    const running = t.callers.run(stop.signal);
    let changes = 0;
    t.callers.onChange(() => {
      changes += 1;
    });
    t.tell({ uid: 'a', ips: [IP] });
    t.who();
    await settled();
    changes = 0;
    t.feed.awaySinceMs = 0;
    await t.clock.advance(STALE_MS + 1_000);
    expect([t.handovers, changes]).toEqual([[IP], 1]);
    stop.abort();
    await running;
    expect(t.clock.pending).toBe(0);
  });

  it('reaches the others when a listener throws, and not who has left', async () => {
    const t = setup();
    const heard: string[] = [];
    t.callers.onHandover(() => {
      throw new Error('broken');
    });
    t.callers.onHandover((ip) => void heard.push(ip));
    t.callers.onHandover((ip) => void heard.push(ip))();
    t.results.give({ uid: 'a' });
    t.who();
    t.results.takeBack('a');
    await settled();
    expect(heard).toEqual([IP]);
  });

  it('is told before the change is: connections are closed before requests are tried again', async () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    await settled();
    t.callers.onChange(() => void t.handovers.push('change'));
    t.results.takeBack('a');
    await settled();
    expect(t.handovers).toEqual([IP, 'change']);
  });
});
