import { describe, expect, it } from 'vitest';
import { createCallers } from '../../src/addresses/callers.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';
import { short } from '../addresses/callers-setup.ts';
import { decidedOn, knownPod, until } from '../addresses/known-pods.ts';
import { setup as follow } from './follow-setup.ts';
import { createTappedResults, IP } from './setup.ts';

/** Callers that know addresses by reconcile; the Pod `former` owns the address at first, by result and by status. */
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
    feedAwaySinceMs: () => undefined,
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

describe('S4, the reader being away: a reused address is never the former Pod', () => {
  it('for two seconds nobody is answered by an address, though the status of a Pod has it', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    expect(t.callers.identify(IP)).toEqual({
      kind: 'unknown',
      waitsFor: 'the reader of CNI results (rolegate-agent reconcile)',
      undecided: true,
    });
    await t.passes(1_990);
    expect([t.who(), t.who('192.0.2.10'), t.callers.source]).toEqual(['unknown', 'node', 'cni']);
    expect(t.sources).toEqual(['cni']);
  });

  it('a reader that is back before says whose it is now, and the connections of the former are told', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    const results = createTappedResults({ log: t.log });
    results.give('new');
    await t.serve(results);
    await t.connected();
    expect(t.who()).toBe('unknown'); // the feed does not name it yet
    expect(t.handovers).toEqual([IP]);
    t.tell({ uid: 'new' });
    expect(t.who()).toBe('new');
  });

  it('the former is not known by its status either, where its result was removed meanwhile', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    await t.serve(createTappedResults({ log: t.log }));
    await t.connected();
    await t.passes(3_000);
    expect([t.who(), t.callers.source]).toEqual(['unknown', 'cni']);
    expect(t.handovers).toEqual([IP]);
  });

  it('a Pod whose address is still its own keeps its connections', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    await t.passes(100);
    await t.serve(t.results);
    await t.connected();
    await until(() => t.who() === 'former');
    expect(t.handovers).toEqual([]);
  });

  it('after two seconds the status of the Pods counts, as without a directory', async () => {
    await using t = await setup();
    await t.stop();
    await t.lost();
    await t.passes(2_000);
    await until(() => t.callers.source === 'pod-status');
    expect([t.who(), t.handovers]).toEqual(['former', []]);
    expect(t.log.lines.at(-1)).toEqual([
      'warn',
      'addresses are read from the status of Pods',
      { error: 'no directory of CNI results can be read', directories: { [t.path]: 'missing' } },
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

  it('after two seconds an address is not the former Pod’s whose next owner the reader had told of (N6)', async () => {
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

  it('after two seconds an address is not the former Pod’s that the reader had told to be released', async () => {
    await using t = await setup();
    t.results.takeBack('former');
    await until(() => t.who() === 'unknown');
    await t.stop();
    await t.lost();
    await t.passes(2_000);
    await until(() => t.callers.source === 'pod-status');
    expect(t.who()).toBe('unknown');
  });

  it('after two seconds a Pod that has come since has an address whose result could not be read last', async () => {
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

  it('a reader that is silent is not believed after a second', async () => {
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
