import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReportRead } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import { createPeersStandIn } from './peers-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { fakeCall } from './call-stand-in.ts';
import { feedDeps } from './feed-deps.ts';

/** Reports of agents of each version, recorded by packages/sandbox/test/record-streams.ts. */
const FOLDER = join(import.meta.dirname, 'recorded');

interface Recorded {
  readonly version: string;
  /** Base64 of each message: a first report, one of what happened, and the first one of the next stream. */
  readonly reports: readonly [string, string, string];
}

const recorded = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recorded,
);

/** Field 1000 as a number, field 1001 as bytes: what no version has. */
const UNKNOWN = Buffer.from([0xc0, 0x3e, 0x07, 0xca, 0x3e, 0x03, 0x6e, 0x65, 0x77]);

/** A server with the recorded agent's Pods; `hear` receives reports as bytes. */
function setup() {
  const cluster = createClusterStandIn();
  const answers: Record<string, number> = {};
  const limits: string[] = [];
  const service = createFeedService({
    ...feedDeps(cluster),
    ...createPeersStandIn({ ...cluster, log: silentLog }),
    nodes: createNodes({
      ...cluster,
      warn: () => undefined,
      audit: () => undefined,
      metrics: { decision: () => undefined },
    }),
    podsResourceVersion: () => '4711',
    metrics: {
      streams: () => undefined,
      answers: (reason, count) => (answers[reason] = count),
      limitHit: (limit) => limits.push(limit),
    },
  });
  for (const account of ['default', 'other']) cluster.setServiceAccount('shop', account);
  cluster.setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app' });
  const annotations = { 'iam.amazonaws.com/role': 'app' };
  cluster.setPod('a', { annotations });
  cluster.setPod('refused', { annotations, serviceAccount: 'other' });
  const call = fakeCall('node-a');
  service.handlers.Feed(call as never);
  const hear = (bytes: Buffer) => call.emit('data', bytes);
  return { ...cluster, call, answers, limits, hear };
}

const bytesOf = ({ reports }: Recorded): Buffer[] => reports.map((text) => Buffer.from(text, 'base64'));

function without(bytes: Buffer, fields: readonly (keyof AgentReportRead)[]): Buffer {
  const report = rolegateService.Feed.requestDeserialize(bytes);
  for (const field of fields) Reflect.deleteProperty(report, field);
  return rolegateService.Feed.requestSerialize(report);
}

describe.each(recorded)('Agent of version $version', (one) => {
  const [first, later, held] = bytesOf(one) as [Buffer, Buffer, Buffer];

  it.each([
    { how: 'as they were recorded', change: (bytes: Buffer) => bytes },
    {
      how: 'with fields in them that this version does not know',
      change: (bytes: Buffer) => Buffer.concat([bytes, UNKNOWN]),
    },
  ])('Reports of a recorded agent are understood $how', async ({ change }) => {
    const { call, hear, answers, limits, clock } = setup();
    hear(change(first));
    await clock.advance(0);
    hear(change(later));
    expect(call.kinds().slice(0, 2)).toEqual(['hello', 'tokenKeys']);
    expect(call.kinds()).toContain('synced');
    expect(answers).toEqual({ '': 1, NamespaceDenied: 1 });
    expect([call.state.error, limits]).toEqual([undefined, []]);
  });

  it('Credentials that a recorded report lists as cached are not issued again', async () => {
    const { hear, issued, clock } = setup();
    hear(held);
    await clock.advance(0);
    expect(issued).toEqual([]);
  });

  it.each([
    { fields: ['version'] as const },
    { fields: ['interception'] as const },
    { fields: ['heldSessions'] as const },
    { fields: ['firstDeliveries', 'answersByReason', 'usedSessionIds'] as const },
  ])('Reports of a recorded agent are understood without $fields', async ({ fields }) => {
    const { call, hear, clock } = setup();
    hear(without(held, fields));
    await clock.advance(0);
    hear(without(later, fields));
    expect(call.kinds()).toContain('synced');
    expect(call.state.error).toBeUndefined();
  });
});
