import { describe, expect, it } from 'vitest';
import { status } from '@grpc/grpc-js';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReport } from '@rolegate/protocol';
import { createConnectedAgents } from '../../src/feed/connected-agents.ts';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import { recordingLog } from '../kubernetes/setup.ts';
import { createPeersStandIn } from './peers-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { fakeCall } from './call-stand-in.ts';
import { feedDeps } from './feed-deps.ts';

/** A server with node-a and node-b, whose streams the test controls. */
function setup() {
  const cluster = createClusterStandIn();
  const { log, lines } = recordingLog();
  const limits: string[] = [];
  const answers: Record<string, number> = {};
  const agents = createConnectedAgents(cluster);
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  const service = createFeedService({
    ...feedDeps(cluster),
    ...createPeersStandIn({ ...cluster, log }),
    nodes,
    agents,
    log,
    metrics: {
      streams: () => undefined,
      answers: (reason, count) => (answers[reason] = (answers[reason] ?? 0) + count),
      limitHit: (limit) => limits.push(limit),
    },
  });
  const open = (node = 'node-a') => {
    const call = fakeCall(node);
    service.handlers.Feed(call as never);
    const { report } = call;
    return Object.assign(call, { report: (said: AgentReport = {}) => report({ nodeName: node, ...said }) });
  };
  return { ...cluster, agents, answers, limits, lines, open };
}

const sized = (bytes: number): Buffer => {
  const report = rolegateService.Feed.requestSerialize({ nodeName: 'node-a', version: '1' });
  // Field 1000, a text: of a later version. Its tag and its length have six bytes.
  const rest = bytes - report.length - 6;
  const head = [
    0xc2,
    0x3e,
    (rest & 0x7f) | 0x80,
    ((rest >> 7) & 0x7f) | 0x80,
    ((rest >> 14) & 0x7f) | 0x80,
    rest >> 21,
  ];
  return Buffer.concat([report, Buffer.from(head), Buffer.alloc(rest)]);
};

describe('Report size', () => {
  it.each([
    { which: 'first', largest: 1024 * 1024 },
    { which: 'later', largest: 64 * 1024 },
  ])(
    'A $which report that is too large ends its stream, counted and audited, and no other stream',
    ({ which, largest }) => {
      const { open, limits, lines } = setup();
      const [call, other] = [open(), open('node-b')];
      other.report();
      if (which === 'later') call.report();
      call.hear(sized(largest));
      expect([call.state.error, limits]).toEqual([undefined, []]);
      const next = open();
      if (which === 'later') next.report();
      next.hear(sized(largest + 1));
      expect(next.state.error?.code).toBe(status.RESOURCE_EXHAUSTED);
      expect(next.state.error?.details).toContain(`has ${largest + 1} bytes`);
      expect(limits).toEqual(['report_bytes']);
      expect(lines).toContainEqual(
        expect.objectContaining({
          message: 'limit reached',
          fields: expect.objectContaining({ audit: true, limit: 'report_bytes', node: 'node-a' }) as unknown,
        }),
      );
      other.report({ answersByReason: { NoRole: 1 } });
      expect([call.state.error, other.state.error]).toEqual([undefined, undefined]);
    },
  );
});

describe('Report content', () => {
  it('A report that cannot be parsed ends its stream and is counted', () => {
    const { open, limits } = setup();
    const call = open();
    call.report();
    call.hear(Buffer.of(0x0a, 0xff));
    expect(call.state.error?.details).toMatch(/^ServerUnavailable: the report cannot be read: /);
    expect(limits).toEqual(['report_fields']);
  });

  it('Invalid values in a report are left out, counted and logged, and the stream stays open', () => {
    const { open, limits, lines, answers, agents } = setup();
    const call = open();
    call.report({ version: 'v'.repeat(1_000_000), answersByReason: { NoRole: 1, 'made up': 5, Newer: 2 } });
    expect(call.kinds()).toContain('synced');
    expect(call.state.error).toBeUndefined();
    expect(answers).toEqual({ NoRole: 1, other: 2 });
    expect(limits).toEqual(['report_fields', 'report_fields']);
    expect(agents.get('node-a')?.version).toBe('invalid');
    expect(JSON.stringify(lines)).not.toContain('vvvv');
    expect(lines.filter(({ message }) => message === 'limit reached')).toHaveLength(2);
  });

  it('A stream that sends more than 5 reports a second after a burst of 60 ends', async () => {
    const { open, limits, clock, answers } = setup();
    const call = open();
    for (let at = 0; at < 60; at += 1) call.report({ answersByReason: { NoRole: 1 } });
    expect([call.state.error, answers]).toEqual([undefined, { NoRole: 60 }]);
    for (let second = 0; second < 30; second += 1) {
      await clock.advance(1_000);
      call.report();
    }
    for (let at = 0; at < 100; at += 1) call.report({ answersByReason: { NoRole: 1 } });
    expect(call.state.error?.details).toMatch(
      /^TooManyRequests: the node sends more than 5 reports a second/,
    );
    expect([limits, answers]).toEqual([['report_rate'], { NoRole: 119 }]);
  });

  it('A first delivery is logged only for a Pod and a session of the reporting node', async () => {
    const { open, lines, setServiceAccount, setNamespace, setPod, clock } = setup();
    setServiceAccount('shop', 'default');
    setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app' });
    setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' } });
    const call = open();
    call.report();
    await clock.advance(0);
    const { sessionId = '' } = call.written.flatMap(({ session }) => session ?? [])[0] ?? {};
    const deliveries = [
      { podUid: 'uid-a', sessionId, heldMs: 1 },
      { podUid: 'uid-gone', sessionId, heldMs: 2 },
      { podUid: 'uid-a', sessionId: 'made-up', heldMs: 3 },
    ];
    call.report({ firstDeliveries: deliveries });
    const logged = lines.filter(({ message }) => message === 'agent reported first credentials delivered');
    expect(logged.map(({ fields }) => fields['durationMs'])).toEqual([1]);
    expect(call.state.error).toBeUndefined();
  });
});

describe('Stream limits', () => {
  it('The oldest streams of a node are ended for newer ones with a reason, and those of other nodes are kept', () => {
    const { open, limits, agents } = setup();
    const other = open('node-b');
    other.report();
    const calls = [1, 2, 3, 4, 5, 6].map(() => {
      const call = open();
      call.report();
      return call;
    });
    expect(calls.map(({ state }) => state.error?.code)).toEqual([
      status.UNAVAILABLE,
      status.UNAVAILABLE,
      ...Array.from({ length: 4 }, () => undefined),
    ]);
    expect(calls[0]?.state.error?.details).toMatch(/newer streams replaced this one/);
    expect([limits, other.state.error]).toEqual([['node_streams', 'node_streams'], undefined]);
    expect(agents.all().map(({ node }) => node)).toEqual(['node-a', 'node-b']);
  });

  it('A stream counts towards the limit of its node even before its first report', () => {
    const { open } = setup();
    const calls = [1, 2, 3, 4, 5].map(() => open());
    expect(calls.map(({ state }) => state.error?.code)).toEqual([
      status.UNAVAILABLE,
      ...Array.from({ length: 4 }, () => undefined),
    ]);
  });

  it.each(['end', 'cancelled', 'close', 'error'])(
    'A stream that has ended by %s makes room for others',
    (event) => {
      const { open, limits } = setup();
      for (let at = 0; at < 15; at += 1) {
        const call = open();
        if (at % 2 === 0) call.report();
        call.emit(event, new Error('gone'));
      }
      expect(limits).toEqual([]);
    },
  );

  it('The connections of a node are logged at most 20 times a minute, with a count of the omitted lines', async () => {
    const { open, lines, clock } = setup();
    for (let second = 0; second < 50; second += 1) {
      const call = open();
      call.report();
      call.emit('end');
      await clock.advance(1_000);
    }
    const of = (node: string) =>
      lines.filter(({ message, fields }) => message.startsWith('agent ') && fields['node'] === node);
    expect(of('node-a')).toHaveLength(20);
    open('node-b').report();
    expect(of('node-b')).toHaveLength(1);
    await clock.advance(60_000);
    expect(of('node-a').at(-1)).toMatchObject({
      message: 'agent connection lines suppressed',
      fields: { leftOut: 80 },
    });
  });

  it('A stream that the agent ends before its first report is ended by the server too', () => {
    const { open } = setup();
    const call = open();
    call.emit('end');
    expect(call.state.ended).toBe(true);
  });
});
