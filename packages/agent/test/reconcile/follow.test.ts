import { describe, expect, it } from 'vitest';
import { followReconcile, RECONCILE } from '../../src/reconcile/follow.ts';
import { LONGEST_LINE } from '../../src/reconcile/messages.ts';
import type { ReconcileMessage } from '../../src/reconcile/messages.ts';
import { knownPod, until } from '../addresses/known-pods.ts';
import { setup } from './follow-setup.ts';
import { createTappedResults, FOLDER, IP, STATE } from './setup.ts';

const OTHER_IP = '10.1.0.8';

function result(uid: string, ips: readonly string[] = [IP]): ReconcileMessage {
  const pod = { uid, namespace: 'shop', name: `pod-${uid}` };
  return {
    kind: 'result',
    file: `${FOLDER}/${uid}`,
    result: { ...pod, ips },
    lost: [],
    unreadable: false,
    mtimeNs: 1n,
    createdNs: 1n,
  };
}

const DIRECTORIES: ReconcileMessage = { kind: 'directories', states: { [FOLDER]: 'ok' } };
const SYNCED: ReconcileMessage = { kind: 'synced' };

describe('Reconcile messages', () => {
  it('Results from reconcile are known once its snapshot is complete, and follow its changes', async () => {
    await using t = await setup();
    const { results } = await t.serve();
    results.give('a');
    expect([t.follower.scanned, t.follower.awaited]).toEqual([false, RECONCILE]);
    void t.begin();
    await t.follower.ready;
    expect([t.follower.scanned, t.follower.awaited, t.follower.usable()]).toEqual([true, undefined, true]);
    expect(t.follower.owner(IP)).toEqual({ uid: 'a', namespace: 'shop', name: 'pod-a', since: 0 });
    expect(t.follower.states()).toEqual({ [FOLDER]: 'ok' });
    const before = t.changes();
    results.give('b', [OTHER_IP]);
    await until(() => t.owns(OTHER_IP) === 'b');
    expect(t.changes()).toBeGreaterThan(before);
    expect(t.follower.uids()).toEqual(['a', 'b']);
    results.takeBack('a');
    await until(() => t.owns(IP) === undefined);
    expect(t.follower.names(knownPod({ uid: 'a' }))).toBe(true);
    results.forget('b');
    await until(() => t.owns(OTHER_IP) === undefined);
    expect(t.follower.names(knownPod({ uid: 'b' }))).toBe(false);
  });

  it('A Pod whose result was removed before the agent came is known to have had one', async () => {
    await using t = await setup();
    const { results } = await t.serve();
    results.give('a');
    results.takeBack('a');
    void t.begin();
    await t.follower.ready;
    expect(t.follower.names(knownPod({ uid: 'a' }))).toBe(true);
  });

  it('The agent takes a snapshot of 10,000 results', async () => {
    await using t = await setup();
    const { results } = await t.serve();
    for (let pod = 0; pod < 10_000; pod += 1) results.give(`uid-${pod}`, [`10.2.${pod >> 8}.${pod & 255}`]);
    void t.begin();
    await t.follower.ready;
    expect([t.owns('10.2.0.0'), t.owns('10.2.39.15')]).toEqual(['uid-0', 'uid-9999']);
  });

  it('Reconcile sends two agents the same', async () => {
    await using t = await setup();
    const { results } = await t.serve();
    void t.begin();
    await t.follower.ready;
    const second = followReconcile({ path: t.path, clock: t.clock, log: t.log, random: () => 0 });
    const running = second.run(t.stop.signal);
    await second.ready;
    results.give('a');
    await until(() => t.owns(IP) === 'a' && second.owner(IP)?.uid === 'a');
    t.stop.abort();
    await running;
  });

  it('The state of the interception is known from the first message on, before the snapshot is complete', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    peer.say({ kind: 'interception', ...STATE });
    await until(() => t.follower.interception.current() !== undefined);
    expect(t.follower.interception.current()).toMatchObject(STATE);
    expect(t.follower.connected).toBe(false);
  });

  it('The interception is unknown before its first check by reconcile, but its last known state is kept', async () => {
    await using t = await setup();
    const { interception } = await t.serve();
    void t.begin();
    await t.follower.ready;
    await until(() => t.follower.interception.current() !== undefined);
    interception.set({ layers: {} });
    await until(() => t.follower.interception.current() === undefined);
    expect(t.follower.interception.lastKnown()?.layers).toEqual(STATE.layers);
  });

  it('Messages of an unknown kind are skipped', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    peer.raw('{"kind":"weather"}\n');
    peer.say(DIRECTORIES, result('a'), SYNCED);
    await t.follower.ready;
    expect(t.owns(IP)).toBe('a');
  });

  it('The connection to reconcile is logged once, even if the snapshot is completed twice', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    peer.say(DIRECTORIES, SYNCED, SYNCED, result('a'));
    await until(() => t.owns(IP) === 'a');
    expect(t.lines('connected to reconcile')).toHaveLength(1);
  });
});

describe('Reconcile unavailable', () => {
  it('While reconcile is unavailable, no address has an owner, and directories count as usable for two seconds', async () => {
    await using t = await setup();
    const { results, stop } = await t.serve();
    results.give('a');
    void t.begin();
    await t.follower.ready;
    await stop();
    await t.lost();
    expect([t.follower.awaited, t.follower.scanned, t.owns(IP)]).toEqual([RECONCILE, false, undefined]);
    await t.passes(1_900);
    expect([t.follower.awaited, t.follower.scanned]).toEqual([RECONCILE, false]);
    expect(t.follower.interception.current()).toMatchObject(STATE);
    await t.passes(100);
    expect([t.follower.awaited, t.follower.scanned, t.follower.usable()]).toEqual([undefined, true, false]);
    expect([t.owns(IP), t.follower.uids()]).toEqual([undefined, []]);
    expect(t.follower.states()).toEqual({ [t.path]: 'missing' });
    expect(t.follower.interception.current()).toBeUndefined();
    expect(t.follower.interception.lastKnown()).toMatchObject(STATE);
    expect(
      [t.lines('connection to reconcile lost'), t.lines('reconcile container unreachable')].map(
        (lines) => lines[0]?.[0],
      ),
    ).toEqual(['warn', 'warn']);
    await t.serve(results);
    await t.connected();
    expect([t.owns(IP), t.follower.usable()]).toEqual(['a', true]);
  });

  it('A reconcile that is missing at the start counts as unavailable after two seconds, and is logged once', async () => {
    await using t = await setup();
    void t.begin();
    await t.passes(1_990);
    expect(t.follower.awaited).toBe(RECONCILE);
    await t.passes(10);
    await t.follower.ready;
    expect([t.follower.awaited, t.follower.usable()]).toEqual([undefined, false]);
    await t.passes(60_000);
    expect(t.lines('reconcile container unreachable')).toHaveLength(1);
    expect(t.log.lines.filter(([level]) => level === 'warn')).toHaveLength(1);
    await t.serve();
    await t.connected();
    expect(t.follower.usable()).toBe(true);
  });

  it('A reconcile that reconnects within two seconds never counts as unavailable', async () => {
    await using t = await setup();
    const { results, stop } = await t.serve();
    results.give('a');
    void t.begin();
    await t.follower.ready;
    await stop();
    await t.lost();
    await t.serve(results);
    await t.connected();
    await t.passes(5_000);
    expect([t.owns(IP), t.lines('reconcile container unreachable')]).toEqual(['a', []]);
  });

  it('A lost connection to reconcile is retried after 25 to 500 ms', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    const hangUps = async () => {
      const { length } = peer.agents;
      const startMs = t.clock.monotonic();
      peer.hangUp();
      await until(
        () => peer.agents.length > length,
        () => t.passes(5),
      );
      return t.clock.monotonic() - startMs;
    };
    await until(() => peer.agents.length === 1);
    const pauses = [];
    for (let attempt = 0; attempt < 7; attempt += 1) pauses.push(await hangUps());
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(25);
    expect(Math.max(...pauses)).toBeLessThan(600);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(250);
  });

  it('An agent that stops no longer retries a missing reconcile', async () => {
    await using t = await setup();
    const running = t.begin();
    t.stop.abort();
    await running;
    expect(t.clock.pending).toBe(0);
  });
});

describe('Silent reconcile', () => {
  async function synced() {
    const t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    peer.say(DIRECTORIES, result('a'), SYNCED);
    await t.follower.ready;
    return { ...t, peer };
  }

  it('A reconcile that is silent for a second is not trusted until it sends something', async () => {
    await using t = await synced();
    await t.passes(990);
    expect(t.follower.awaited).toBeUndefined();
    await t.passes(10);
    expect(t.follower.awaited).toBe(RECONCILE);
    t.peer.say({ kind: 'alive' });
    await until(() => t.follower.awaited === undefined);
    await t.passes(990);
    expect([t.follower.awaited, t.owns(IP)]).toEqual([undefined, 'a']);
    expect(t.peer.agents).toHaveLength(1);
  });

  it('A reconcile that is silent for two seconds is given up, and counts as unavailable at once', async () => {
    await using t = await synced();
    await t.passes(1_999);
    expect(t.follower.connected).toBe(true);
    await t.passes(1);
    await t.lost();
    expect([t.follower.awaited, t.follower.usable(), t.owns(IP)]).toEqual([undefined, false, undefined]);
    expect(t.lines('connection to reconcile lost')[0]?.[2]).toMatchObject({
      error: 'nothing received for 2000 ms',
    });
    await until(
      () => t.peer.agents.length === 2,
      () => t.passes(10),
    );
  });

  it('A reconcile that keeps sending half a line is given up too', async () => {
    await using t = await synced();
    for (let half = 0; half < 3; half += 1) {
      t.peer.raw('{"kind":');
      await t.passes(700);
    }
    await t.lost();
  });

  it('A reconcile that never sends anything is given up and retried', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    await t.passes(2_000);
    expect([t.follower.awaited, t.follower.usable()]).toEqual([undefined, false]);
    await until(
      () => peer.agents.length === 2,
      () => t.passes(10),
    );
    peer.say(DIRECTORIES, SYNCED);
    await until(() => t.follower.usable());
  });
});

describe('Reconcile snapshots', () => {
  it('A snapshot counts only once it is complete, and then replaces everything known before', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    peer.say(DIRECTORIES, result('a'), result('b', [OTHER_IP]), SYNCED);
    await t.follower.ready;
    peer.hangUp();
    await t.lost();
    await until(
      () => peer.agents.length === 2,
      () => t.passes(10),
    );
    peer.say(DIRECTORIES, result('b', [OTHER_IP]), { kind: 'interception', ...STATE });
    await until(() => t.follower.interception.current() !== undefined);
    expect([t.owns(IP), t.owns(OTHER_IP), t.follower.awaited]).toEqual([undefined, undefined, RECONCILE]);
    peer.say(SYNCED);
    await until(() => t.follower.connected);
    expect([t.owns(IP), t.owns(OTHER_IP)]).toEqual([undefined, 'b']);
  });

  it('A snapshot without a file that was there before means that the runtime removed it', async () => {
    await using t = await setup();
    const former = await t.serve();
    former.results.give('a');
    former.results.give('b', [OTHER_IP]);
    void t.begin();
    await t.follower.ready;
    await former.stop();
    await t.lost();
    const results = createTappedResults({ log: t.log });
    results.give('b', [OTHER_IP]);
    await t.serve(results);
    await t.connected();
    expect(t.follower.names(knownPod({ uid: 'a' }))).toBe(true);
  });

  it('A snapshot of other directories says nothing about the former files', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    peer.say(DIRECTORIES, result('a'), SYNCED);
    await t.follower.ready;
    peer.hangUp();
    await t.lost();
    await until(
      () => peer.agents.length === 2,
      () => t.passes(10),
    );
    peer.say({ kind: 'directories', states: { '/elsewhere': 'ok' } }, SYNCED);
    await until(() => t.follower.connected);
    expect(t.follower.names(knownPod({ uid: 'a' }))).toBe(false);
  });
});

describe('Reconcile lines', () => {
  it.each([
    { what: 'that is broken', raw: '{"kind":"result"}\n', error: 'a broken line' },
    { what: 'that is no UTF-8', raw: Buffer.from([0xff, 0xfe, 0x0a]), error: 'a broken line' },
    {
      what: 'that is too long',
      raw: Buffer.alloc(LONGEST_LINE + 1, 'x'),
      error: /of more than 1000000 bytes$/,
    },
  ])(
    'A line $what ends the connection with a warning, and the agent connects again',
    async ({ raw, error }) => {
      await using t = await setup();
      const peer = await t.script();
      void t.begin();
      await until(() => peer.agents.length === 1);
      peer.say(DIRECTORIES, result('a'), SYNCED);
      await t.follower.ready;
      peer.raw(raw);
      await t.lost();
      expect(t.lines('connection to reconcile lost')).toEqual([
        [
          'warn',
          'connection to reconcile lost',
          { socket: t.path, error: expect.stringMatching(error), hint: expect.any(String) },
        ],
      ]);
      await until(
        () => peer.agents.length === 2,
        () => t.passes(10),
      );
      peer.say(DIRECTORIES, result('b'), SYNCED);
      await until(() => t.owns(IP) === 'b');
    },
  );

  it('A line that is broken in every connection is reported once', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    for (const count of [1, 2, 3, 4]) {
      await until(
        () => peer.agents.length === count,
        () => t.passes(10),
      );
      peer.raw('nonsense\n');
    }
    expect(t.lines('connection to reconcile lost').filter(([level]) => level === 'warn')).toHaveLength(1);
  });

  it('A line may arrive in halves', async () => {
    await using t = await setup();
    const peer = await t.script();
    void t.begin();
    await until(() => peer.agents.length === 1);
    peer.say(DIRECTORIES, SYNCED);
    await t.follower.ready;
    const text =
      '{"kind":"result","file":"/var/lib/cni/results/ü","namespace":"shop","name":"cart","ips":["10.1.0.7"],"mtimeNs":"1"}\n';
    const bytes = Buffer.from(text);
    const half = bytes.indexOf(0xc3) + 1; // in the middle of a character
    peer.raw(bytes.subarray(0, half));
    await t.passes(100);
    expect(t.follower.owner(IP)).toBeUndefined();
    peer.raw(bytes.subarray(half));
    await until(() => t.follower.owner(IP)?.name === 'cart');
  });
});

describe('Foreign listeners', () => {
  const AT = { address: '192.0.2.10', port: 8181, uid: 1000 };

  it('Listeners that the agent names to reconcile are its own; reconcile reports all others as foreign', async () => {
    await using t = await setup();
    t.names([7]);
    const listening = [
      { ...AT, inode: 7 },
      { ...AT, inode: 8 },
    ];
    const reconcile = await t.serve(undefined, () => listening);
    void t.begin();
    await t.connected();
    const looked = () =>
      until(
        () => t.follower.foreignListeners()?.length === 1,
        () => t.clock.advance(500),
      );
    await looked();
    expect(t.follower.foreignListeners()).toEqual([AT]);
    t.names([7, 8]);
    await until(
      () => t.follower.foreignListeners()?.length === 0,
      () => t.clock.advance(500),
    );
    t.names([7]);
    await looked();
    await reconcile.stop();
    await t.lost();
    expect(t.follower.foreignListeners()).toBeUndefined();
  });

  it('The agent names its listeners again on each connection to reconcile', async () => {
    await using t = await setup();
    t.names([7]);
    const first = await t.script();
    void t.begin();
    const heard = (peer: typeof first) => until(() => peer.heard().includes('"inodes":[7]'));
    await heard(first);
    await first.close();
    const second = await t.script();
    await until(
      () => second.heard().includes('"inodes":[7]'),
      () => t.clock.advance(10),
    );
  });
});

describe('Unreadable CNI results', () => {
  it('The agent counts what reconcile could not read, before and after it connects, and reconcile restarts', async () => {
    await using t = await setup();
    const first = await t.serve();
    first.badResults.add();
    first.badResults.add();
    void t.begin();
    await t.connected();
    await until(() => t.badResults() === 2);
    first.badResults.add();
    await until(() => t.badResults() === 3);
    await first.stop();
    await t.lost();
    const second = await t.serve();
    second.badResults.add();
    await t.connected();
    await until(() => t.badResults() === 4);
  });
});
