import { describe, expect, it } from '@jest/globals';
import type { AgentReportRead } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { fakeCall } from './feed-call.ts';

const HALF_HOUR_MS = 1_800_000;

/** The server with one permitted Pod on node-a, and streams whose agents' side is in the test's hands. */
function setup({ random = 0.5 } = {}) {
  const cluster = createClusterStandIn();
  const answers: string[] = [];
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  const service = createFeedService({
    nodes,
    nodeOfCaller: () => 'node-a',
    certificateEndsMs: () => undefined,
    synced: () => true,
    podsResourceVersion: () => '1',
    tokenSecret: Buffer.alloc(32, 1),
    version: '1',
    serverName: 'server-0',
    streamAgeMs: HALF_HOUR_MS,
    clock: cluster.clock,
    random: () => random,
    log: silentLog,
    metrics: {
      foreignNode: () => undefined,
      streams: () => undefined,
      answers: (reason, count) => answers.push(`${reason} ${count}`),
    },
  });
  cluster.setServiceAccount('shop', 'default');
  cluster.setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app' });
  cluster.setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' } });
  return {
    ...cluster,
    nodes,
    answers,
    open: (report: Partial<AgentReportRead> = {}) => open(service, report),
  };
}

function open(service: ReturnType<typeof createFeedService>, first: Partial<AgentReportRead>) {
  const call = fakeCall('node-a');
  service.handlers.Feed(call as never);
  call.report(first);
  const sessions = () => call.written.flatMap(({ session }) => session ?? []);
  return { written: call.written, report: call.report, sessions, leave: () => call.emit('end') };
}

describe('what an agent reports', () => {
  it('of sessions that were asked for keeps them renewed', async () => {
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

  it('of its answers is counted by their reasons', () => {
    const { open, answers } = setup();
    open().report({ answersByReason: { NoRole: 3, '': 40 } });
    expect(answers).toEqual(['NoRole 3', ' 40']);
  });

  it('to hold is neither issued nor sent again', async () => {
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

  it('to hold counts up to 4,096 sessions', async () => {
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

describe('a stream', () => {
  it.each([
    { random: 0, minutes: 24 },
    { random: 0.5, minutes: 30 },
    { random: 1, minutes: 36 },
  ])(
    'is told an age of $minutes minutes, so that agents do not come back all at once',
    ({ random, minutes }) => {
      const [hello] = setup({ random }).open().written;
      expect(hello?.hello?.streamEndsInMs).toBe(minutes * 60_000);
    },
  );

  it('that has ended leaves its node without one', () => {
    const { open, nodes } = setup();
    const stream = open();
    expect(nodes.connected).toBe(1);
    stream.leave();
    expect(nodes.connected).toBe(0);
  });
});
