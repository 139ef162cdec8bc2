import { describe, expect, it } from 'vitest';
import type { AgentReportRead } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import { createPeersStandIn } from './peers-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { fakeCall } from './call-stand-in.ts';
import { feedDeps } from './feed-deps.ts';

const HALF_HOUR_MS = 1_800_000;

/** A server with one permitted Pod on node-a, and streams whose agent side the test controls. */
function setup({ random = 0.5 } = {}) {
  const cluster = createClusterStandIn();
  const answers: string[] = [];
  const limits: string[] = [];
  const audited: object[] = [];
  const counts = { foreign: 0 };
  const note = (_: string, fields: object = {}) => {
    audited.push(fields);
  };
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  const service = createFeedService({
    ...feedDeps(cluster),
    nodes,
    ...createPeersStandIn({
      ...cluster,
      log: { ...silentLog, warn: note, error: note },
      foreignNode: () => (counts.foreign += 1),
    }),
    random: () => random,
    metrics: {
      streams: () => undefined,
      answers: (reason, count) => answers.push(`${reason} ${count}`),
      limitHit: (limit) => limits.push(limit),
    },
  });
  cluster.setServiceAccount('shop', 'default');
  cluster.setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app|other' });
  cluster.setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' } });
  return {
    ...cluster,
    cluster,
    nodes,
    answers,
    limits,
    audited,
    counts,
    open: (report: Partial<AgentReportRead> = {}) => open(service, report),
    openAs: (node: string, report: Partial<AgentReportRead> = {}) =>
      open(service, { ...report, nodeName: node }, node),
  };
}

function open(
  service: ReturnType<typeof createFeedService>,
  first: Partial<AgentReportRead>,
  node = 'node-a',
) {
  const call = fakeCall(node);
  service.handlers.Feed(call as never);
  call.report(first);
  const sessions = () => call.written.flatMap(({ session }) => session ?? []);
  return {
    written: call.written,
    report: call.report,
    stopReading: () => {
      call.state.full = true;
    },
    sessions,
    leave: () => call.emit('end'),
    error: () => call.state.error?.details,
  };
}

describe('Agent reports', () => {
  it('Sessions that agents report as used are kept renewed', async () => {
    const { open, sessions, clock } = setup();
    const stream = open();
    const id = stream.sessions()[0]?.sessionId ?? '';
    for (let hour = 0; hour < 12; hour++) {
      // A stream lasts half an hour; the next one brings the next report.
      for (let half = 0; half < 2; half++) {
        await clock.advance(HALF_HOUR_MS);
        open({ usedSessionIds: [id] });
      }
      expect(sessions.get(id)?.credentials).toBeDefined();
    }
  });

  it('Answers that an agent reports are counted by reason', () => {
    const { open, answers } = setup();
    open().report({ answersByReason: { NoRole: 3, '': 40 } });
    expect(answers).toEqual(['NoRole 3', ' 40']);
  });

  it('Credentials that an agent reports as cached are neither issued nor sent again', async () => {
    const before = setup();
    const first = before.open();
    await before.clock.advance(0);
    const { sessionId = '', credentials } = first.sessions().at(-1) ?? {};
    const held = {
      sessionId,
      fingerprint: credentials?.fingerprint ?? '',
      remainingMs: 3_500_000,
      lifetimeMs: 3_600_000,
    };
    const again = before.open({ heldSessions: [held] });
    expect(again.sessions()).toEqual([{ sessionId, heldFingerprint: held.fingerprint }]);

    const restarted = setup();
    restarted.open({ heldSessions: [held] });
    await restarted.clock.advance(60_000);
    expect(restarted.issued).toEqual([]);
  });

  it('No more than 4,096 cached sessions of a report count', async () => {
    const probe = setup().open();
    const sessionId = probe.sessions()[0]?.sessionId ?? '';
    const { open, issued, clock } = setup();
    const invented = { sessionId: 'x', fingerprint: 'f', remainingMs: 3_500_000, lifetimeMs: 3_600_000 };
    const many = Array.from({ length: 4_096 }, (_, at) => ({ ...invented, sessionId: `x${at}` }));
    open({ heldSessions: [...many, { ...invented, sessionId }] });
    await clock.advance(0);
    expect(issued).toHaveLength(1);
  });
});

describe('Reports about another node', () => {
  const HELD = { fingerprint: 'f', lifetimeMs: HALF_HOUR_MS * 2 };

  /** A second node, whose Pod's session only it needs; the first node has been as it is for an hour. */
  async function setupOther() {
    const world = setup();
    const { cluster, clock } = world;
    cluster.setPod('b', { annotations: { 'iam.amazonaws.com/role': 'other' }, nodeName: 'node-b' });
    await clock.advance(HALF_HOUR_MS * 2);
    const other = world.openAs('node-b');
    const foreign = other.sessions()[0]?.sessionId ?? '';
    expect(foreign).not.toBe('');
    return { ...world, foreign };
  }

  it('A first delivery to a Pod of another node ends the stream, counted and audited as ForeignNode', async () => {
    const { open, audited, counts } = await setupOther();
    const stream = open();
    stream.report({ firstDeliveries: [{ podUid: 'uid-b', sessionId: 'x', heldMs: 1 }] });
    expect(stream.error()).toMatch(/^ForeignNode: the report is about Pod uid-b, which is on node node-b/);
    expect([counts.foreign, audited]).toEqual([1, [expect.objectContaining({ reason: 'ForeignNode' })]]);
  });

  it('A first delivery to a Pod that is gone or on no node yet is not counted as ForeignNode', async () => {
    const { open, cluster, counts } = await setupOther();
    cluster.setPod('unbound', { nodeName: '' });
    const stream = open();
    for (const podUid of ['uid-gone', 'uid-unbound', 'uid-a'])
      stream.report({ firstDeliveries: [{ podUid, sessionId: 'x', heldMs: 1 }] });
    expect([stream.error(), counts.foreign]).toEqual([undefined, 0]);
  });

  it("A stream older than a minute ends if it reports the use of another node's session", async () => {
    const { open, clock, foreign, counts } = await setupOther();
    const stream = open();
    stream.report({ usedSessionIds: [foreign] });
    await clock.advance(60_000);
    stream.report({ usedSessionIds: [foreign] });
    expect([stream.error(), counts.foreign]).toEqual([undefined, 0]);
    await clock.advance(1);
    stream.report({ usedSessionIds: [foreign] });
    expect(stream.error()).toMatch(/^ForeignNode: the report says that Pods used session/);
    expect(counts.foreign).toBe(1);
  });

  it("The use of another node's session is accepted if a Pod of the reporting node has just gone", async () => {
    const { open, clock, cluster, foreign, counts } = await setupOther();
    const stream = open();
    await clock.advance(600_000);
    cluster.removePod('a');
    stream.report({ usedSessionIds: [foreign, 'of-nobody'] });
    expect([stream.error(), counts.foreign]).toEqual([undefined, 0]);
  });

  it('A node may report a cached session that it shares with other nodes', async () => {
    const { openAs, cluster, foreign, audited } = await setupOther();
    cluster.setPod('c', { annotations: { 'iam.amazonaws.com/role': 'other' }, nodeName: 'node-c' });
    openAs('node-c', { heldSessions: [{ ...HELD, sessionId: foreign, remainingMs: HELD.lifetimeMs }] });
    expect(audited).toEqual([]);
  });

  it.each([
    { what: 'since before anything changed on it', agoMs: HALF_HOUR_MS * 2 + 60_000, counted: 0 },
    { what: 'from a time in which nothing changed on it', agoMs: HALF_HOUR_MS, counted: 1 },
  ])(
    'A node that reports a foreign session cached $what is audited, and counted $counted times',
    async ({ agoMs, counted }) => {
      const { open, foreign, audited, counts } = await setupOther();
      const remainingMs = HELD.lifetimeMs - agoMs;
      const stream = open({ heldSessions: [{ ...HELD, sessionId: foreign, remainingMs }] });
      expect(audited).toEqual([expect.objectContaining({ reason: 'ForeignNode' })]);
      expect([stream.error(), counts.foreign]).toEqual([undefined, counted]);
      expect(stream.sessions().some(({ sessionId }) => sessionId === foreign)).toBe(false);
    },
  );
});

describe('Feed stream', () => {
  it.each([
    { random: 0, minutes: 24 },
    { random: 0.5, minutes: 30 },
    { random: 1, minutes: 36 },
  ])(
    'A stream is told to end after $minutes minutes, so that agents do not reconnect all at once',
    ({ random, minutes }) => {
      const [hello] = setup({ random }).open().written;
      expect(hello?.hello?.streamEndsInMs).toBe(minutes * 60_000);
    },
  );

  it('The stream of an agent that reads nothing ends once too many Pods were created and deleted', async () => {
    const { open, cluster, clock, nodes } = setup();
    const stream = open();
    stream.stopReading();
    for (let batch = 0; batch < 42; batch++) {
      const pods = Array.from({ length: 100 }, (_, at) =>
        cluster.setPod('made', { uid: `made-${batch}-${at}` }),
      );
      await clock.advance(0);
      for (const pod of pods) cluster.podStore.remove(pod);
    }
    await clock.advance(0);
    expect(stream.error()).toMatch(/^ServerUnavailable: the agent reads its stream too slowly/);
    expect(nodes.connected).toBe(0);
  });

  it('A node whose stream has ended is no longer connected', () => {
    const { open, nodes } = setup();
    const stream = open();
    expect(nodes.connected).toBe(1);
    stream.leave();
    expect(nodes.connected).toBe(0);
  });
});
