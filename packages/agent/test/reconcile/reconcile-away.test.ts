import { describe, expect, it } from 'vitest';
import { createCallers } from '../../src/addresses/callers.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';
import { short } from '../addresses/callers-setup.ts';
import { decidedOn, knownPod, until } from '../addresses/known-pods.ts';
import { setup as follow } from './follow-setup.ts';
import { createTappedResults, IP } from './setup.ts';

/** Callers with reconcile as the source; the Pod `former` owns the address at first, by result and status. */
async function setup() {
  const t = await follow();
  const { clock, log, follower } = t;
  const table = createPodTable({ clock, log });
  const sources: string[] = [];
  const handovers: string[] = [];
  const callers = createCallers({
    table,
    clock,
    log,
    cniResults: follower,
    nodeIps: ['192.0.2.10'],
    staleIpMs: 300_000,
    feedLostSinceMs: () => undefined,
    metrics: { ipSource: (source) => void sources.push(source) },
  });
  callers.onHandover((ip) => void handovers.push(ip));
  let version = 0;
  const tell = (changes: Parameters<typeof knownPod>[0]) => {
    version += 1;
    table.setPod(knownPod(changes), decidedOn(version));
  };
  tell({ uid: 'former', ips: [IP] });
  const reconcile = await t.serve();
  reconcile.results.give('former');
  void t.begin();
  await follower.ready;
  const who = (ip = IP) => short(callers.identify(ip));
  await until(() => who() === 'former');
  return { ...t, ...reconcile, table, sources, handovers, callers, tell, who };
}

describe('Reconcile unavailable', () => {
  it('S4: For two seconds after reconcile is lost no address is answered, even if a Pod’s status has it', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    expect(t.callers.identify(IP)).toEqual({
      kind: 'unknown',
      waitsFor: 'rolegate-agent reconcile, which reads the CNI results',
      undecided: true,
    });
    await t.passes(1_990);
    expect([t.who(), t.who('192.0.2.10'), t.callers.source]).toEqual(['unknown', 'node', 'cni']);
    expect(t.sources).toEqual(['cni']);
  });

  it('S4: A reconcile that reconnects within two seconds names the new owner, and the former Pod’s handover is reported', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    const results = createTappedResults({ log: t.log });
    results.give('new');
    await t.serve(results);
    await t.connected();
    expect(t.who()).toBe('unknown'); // the feed does not list it yet
    expect(t.handovers).toEqual([IP]);
    t.tell({ uid: 'new' });
    expect(t.who()).toBe('new');
  });

  it('S4: A former Pod whose result was removed in between is not known by its status either', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    await t.serve(createTappedResults({ log: t.log }));
    await t.connected();
    await t.passes(3_000);
    expect([t.who(), t.callers.source]).toEqual(['unknown', 'cni']);
    expect(t.handovers).toEqual([IP]);
  });

  it('S4: A Pod whose address is still its own when reconcile reconnects keeps its connections', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    await t.passes(100);
    await t.serve(t.results);
    await t.connected();
    await until(() => t.who() === 'former');
    expect(t.handovers).toEqual([]);
  });

  it('S4: After two seconds without reconcile Pod status is used, as without a directory', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    await t.passes(2_000);
    await until(() => t.callers.source === 'pod-status');
    expect([t.who(), t.handovers]).toEqual(['former', []]);
    expect(t.log.lines.at(-1)).toEqual([
      'warn',
      'CNI results unusable; reading Pod addresses from Pod status',
      expect.objectContaining({
        error: 'no CNI results directory can be read',
        directories: { [t.path]: 'missing' },
      }),
    ]);
    t.tell({ uid: 'former', ips: [IP], ended: true });
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
    const results = createTappedResults({ log: t.log });
    results.give('new');
    await t.serve(results);
    await until(
      () => t.callers.source === 'cni',
      () => t.passes(10),
    );
    expect([t.who(), t.sources]).toEqual(['new', ['cni', 'pod-status', 'cni']]);
  });

  it('S4, N6: After two seconds without reconcile an address that it gave to another Pod is not the former Pod’s', async () => {
    await using t = await setup();
    t.tell({ uid: 'former', ips: [IP], terminating: true });
    t.results.give('new');
    await until(() => t.who() === 'unknown');
    await t.stop();
    await t.lost();
    await t.passes(2_000);
    await until(() => t.callers.source === 'pod-status');
    expect(t.who()).toBe('unknown');
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });

  it('S4: After two seconds without reconcile an address that it reported as released is not the former Pod’s', async () => {
    await using t = await setup();
    t.results.takeBack('former');
    await until(() => t.who() === 'unknown');
    await t.stop();
    await t.lost();
    await t.passes(2_000);
    await until(() => t.callers.source === 'pod-status');
    expect(t.who()).toBe('unknown');
  });

  it('S4: After two seconds without reconcile a new Pod gets an address whose result was unreadable last', async () => {
    await using t = await setup();
    t.results.garble('former');
    await until(() => t.who() === 'unknown');
    await t.stop();
    await t.lost();
    await t.passes(2_000);
    await until(() => t.callers.source === 'pod-status');
    expect(t.who()).toBe('unknown');
    t.tell({ uid: 'new', ips: [IP] });
    expect(t.who()).toBe('new');
  });

  it('S4: A reconcile that is silent for a second is not trusted', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    const peer = await t.script();
    await until(
      () => peer.agents.length === 1,
      () => t.passes(10),
    );
    const file = '/r/former';
    const result = { uid: 'former', namespace: 'shop', name: 'pod-former', ips: [IP] };
    peer.say(
      { kind: 'directories', states: { '/r': 'ok' } },
      { kind: 'result', file, result, lost: [], unreadable: false, mtimeNs: 1n, createdNs: 1n },
      { kind: 'synced' },
    );
    await t.connected();
    expect(t.who()).toBe('former');
    await t.passes(1_000);
    expect([t.who(), t.handovers]).toEqual(['unknown', []]);
    peer.say({ kind: 'freed', file });
    await until(() => t.handovers.length === 1);
    expect(t.who()).toBe('unknown');
  });
});
