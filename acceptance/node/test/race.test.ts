import { describe, expect, it } from 'vitest';
import { failureOf, figuresOf, gaveUp } from '../race/figures.ts';
import type { MetadataConnection } from '../race/metadata-connections.ts';
import type { RacePod } from '../race/run-race.ts';
import { faultOf, storyOf } from '../race/whose-fault.ts';

const LIST = 'GET /latest/meta-data/iam/security-credentials/';
const ARN = 'arn:aws:sts::123456789012:assumed-role/many-4/rolegate-e2e-permitted.default';
/** A second after the start of the container. */
const OPENED = { ip: '198.18.0.7', port: 40_000, opened: 101 };
const SENT = { request: LIST, sent: 101.002 };
const SERVED: MetadataConnection = {
  ...OPENED,
  accepted: 101.001,
  exchanges: [{ ...SENT, answered: 101.012, status: 200 }],
  closed: { by: 'client', at: 102.2 },
};

describe('Whose fault it is that a Pod got no credentials', () => {
  it.each<[string, MetadataConnection]>([
    ['A request without an answer is ours if the client has waited for it', { ...SERVED, exchanges: [SENT] }],
    [
      'A request without an answer is ours if the client still waits',
      { ...OPENED, accepted: 101.001, exchanges: [SENT] },
    ],
    [
      'An answer that came too late is ours',
      { ...SERVED, exchanges: [{ ...SENT, answered: 102.1, status: 200 }] },
    ],
    [
      'Any other answer than 200 is ours',
      { ...SERVED, exchanges: [{ ...SENT, answered: 101.852, status: 503 }] },
    ],
    ['A connection that was not accepted is ours', { ...OPENED, exchanges: [] }],
  ])('%s', (_, connection) => {
    expect(faultOf([connection], 1_000)).toBe('ours');
  });

  it.each<[string, MetadataConnection[]]>([
    ['A client that was answered in time and gave up has itself to blame', [SERVED]],
    ['A client that sent nothing has itself to blame', []],
    [
      'A client that left before its time was over has itself to blame',
      [{ ...SERVED, exchanges: [SENT], closed: { by: 'client', at: 101.2 } }],
    ],
  ])('%s', (_, connections) => {
    expect(faultOf(connections, 1_000)).toBe("the client's own");
  });
});

describe('What is told of a Pod that failed', () => {
  const failed: RacePod = {
    name: 'many-4',
    uid: '4',
    ip: '198.18.0.7',
    client: 'js',
    message: JSON.stringify({
      client: 'JavaScript v3',
      start: 100,
      asked: 100.9,
      answered: 102.2,
      error: 'timeout',
    }),
    connections: [SERVED],
    agentMs: undefined,
    refusals: ['{"reason":"HeldTimeout"}'],
  };

  it('Its requests are told in their order, with times after the start of its container', () => {
    const late = { ...OPENED, opened: 103, exchanges: [] };
    expect(storyOf([late, SERVED], 100)).toEqual([
      '+1.000 s connects, accepted after 1.0 ms',
      `+1.002 s ${LIST}: 200 after 10.0 ms`,
      '+2.200 s closed by the client',
      '+3.000 s connects, not accepted',
      'not closed',
    ]);
  });

  it("Its failure names the Pod, the client, whose fault it is, the requests and the agent's refusals", () => {
    expect(failureOf(failed)).toBe(
      [
        "many-4: timeout (js; the client's own)",
        '    +1.000 s connects, accepted after 1.0 ms',
        `    +1.002 s ${LIST}: 200 after 10.0 ms`,
        '    +2.200 s closed by the client',
        '    {"reason":"HeldTimeout"}',
      ].join('\n'),
    );
  });

  it('It gave up by itself only if it got no credentials although it was answered', () => {
    const withResult = (more: object, connections = failed.connections) =>
      gaveUp({ ...failed, connections, message: JSON.stringify({ start: 100, ...more }) });
    expect(withResult({ error: 'timeout' })).toBe(true);
    expect(withResult({ error: 'timeout' }, [])).toBe(false);
    expect(withResult({ error: 'timeout' }, [{ ...OPENED, exchanges: [] }])).toBe(false);
    expect(withResult({ identityError: 'timeout' })).toBe(false);
    expect(withResult({ arn: 'of another' })).toBe(false);
  });

  it('A Pod that got its own role did not fail', () => {
    const message = JSON.stringify({
      client: 'JavaScript v3',
      start: 100,
      asked: 100.9,
      answered: 101.5,
      arn: ARN,
    });
    expect(failureOf({ ...failed, message })).toBeUndefined();
  });
});

describe('What is measured of the Pods of a client', () => {
  it("The node's part is separated from the client's", () => {
    const pod: RacePod = {
      name: 'many-4',
      uid: '4',
      ip: '198.18.0.7',
      client: 'go',
      message: JSON.stringify({ client: 'Go v2', start: 100, asked: 100.9, answered: 101.5, arn: ARN }),
      connections: [SERVED],
      agentMs: 9,
      refusals: [],
    };
    const [figures] = figuresOf([pod]);
    expect(figures).toMatchObject({
      client: 'Go v2',
      pods: 1,
      onFirstTry: 1,
      gaveUp: 0,
      requests: 1,
      inAgent: [9],
    });
    expect(figures?.untilRequest[0]).toBeCloseTo(1_000);
    expect(figures?.untilCredentials[0]).toBeCloseTo(500);
    expect(figures?.onNode[0]).toBeCloseTo(11);
  });
});
