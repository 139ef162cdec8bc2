import { describe, expect, it } from 'vitest';
import { status } from '@grpc/grpc-js';
import { silentLog } from '@rolegate/runtime';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import { createPeersStandIn } from './peers-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { fakeCall } from './call-stand-in.ts';
import { feedDeps } from './feed-deps.ts';

function setup({ synced = true, certificateEndsMs }: { synced?: boolean; certificateEndsMs?: number } = {}) {
  const cluster = createClusterStandIn();
  const counts = { foreign: 0, streams: 0 };
  const audited: object[] = [];
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  const log = {
    ...silentLog,
    error: (_: string, fields: object = {}) => {
      audited.push(fields);
    },
  };
  const service = createFeedService({
    ...feedDeps(cluster),
    nodes,
    ...createPeersStandIn({
      ...cluster,
      log,
      foreignNode: () => (counts.foreign += 1),
      identityOf: (call) => {
        const { node } = call.getAuthContext() as { node?: string };
        return node === undefined ? undefined : { node, endsMs: certificateEndsMs };
      },
    }),
    synced: () => synced,
    podsResourceVersion: () => '4711',
    log,
    metrics: {
      streams: (change) => (counts.streams += change),
      answers: () => undefined,
      limitHit: () => undefined,
    },
  });
  const open = () => openAs('node-a');
  const openAs = (node: string | undefined) => {
    const call = fakeCall(node);
    service.handlers.Feed(call as never);
    return call;
  };
  cluster.setServiceAccount('shop', 'default');
  cluster.setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app' });
  return { ...cluster, service, open, openAs, counts, audited };
}

describe('Feed service', () => {
  it('A stream begins with hello, token keys, the snapshot, and synced with the resourceVersion of the Pods', () => {
    const { open, setPod } = setup();
    setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' } });
    const call = open();
    expect(call.written).toEqual([]);
    call.report();
    expect(call.kinds()).toEqual(['hello', 'tokenKeys', 'session', 'pod', 'synced']);
    expect(call.written.at(-1)).toEqual({ synced: { podsResourceVersion: '4711' } });
    expect(call.written[0]?.hello).toMatchObject({ serverName: 'server-0', streamEndsInMs: 30 * 60_000 });
  });

  it('Credentials are sent once, with their remaining lifetime', async () => {
    const { open, clock, setPod } = setup();
    setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' } });
    const call = open();
    call.report();
    await clock.advance(1_000);
    const sessions = () =>
      call.written.flatMap(({ session }) => (session?.credentials ? [session.credentials] : []));
    expect(sessions()).toHaveLength(1);
    expect(sessions()[0]).toMatchObject({
      remainingMs: 3_600_000,
      lifetimeMs: 3_600_000,
      accountId: '123456789012',
    });
    setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' }, ips: ['198.18.0.1'] });
    expect(sessions()).toHaveLength(1);
  });

  it('Credentials that the agent has dropped since are sent again', async () => {
    const { open, openAs, clock, setPod, setNamespace } = setup();
    const annotations = { 'iam.amazonaws.com/role': 'app' };
    setPod('a', { annotations });
    setPod('other', { annotations, nodeName: 'node-b' });
    openAs('node-b').report({ nodeName: 'node-b' });
    const call = open();
    call.report();
    await clock.advance(1_000);
    setPod('a');
    setPod('a', { annotations });
    const said = call.written
      .slice(-4)
      .map((update) => update.session?.credentials?.fingerprint ?? Object.keys(update)[0]);
    expect(said).toEqual(['sessionRemoved', 'pod', 'pod', expect.stringMatching(/^[0-9a-f]{16}$/)]);
    setNamespace('shop');
    expect(call.written.at(-1)?.pod?.deny?.reason).toBe('NamespaceDenied');
  });

  it('A stream is refused as UNAVAILABLE until the server has read the cluster', () => {
    const { open } = setup({ synced: false });
    const call = open();
    call.report();
    expect(call.state.error?.code).toBe(status.UNAVAILABLE);
    expect(call.written).toEqual([]);
  });

  it.each([
    { what: 'a certificate without a node', node: undefined, report: { nodeName: '' } },
    { what: 'the report of another node', node: 'node-b', report: { nodeName: 'node-a' } },
  ])('The feed refuses $what as ForeignNode, counted and audited', ({ node, report }) => {
    const { openAs, counts, audited, setPod } = setup();
    setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' } });
    const call = openAs(node);
    call.report(report);
    expect(call.state.error).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(call.state.error?.details).toMatch(/^ForeignNode: /);
    expect(call.written).toEqual([]);
    expect(counts.foreign).toBe(1);
    expect(audited).toEqual([expect.objectContaining({ audit: true, reason: 'ForeignNode' })]);
  });

  it('A stream ends if a later report is of another node', () => {
    const { open } = setup();
    const call = open();
    call.report();
    call.report({ nodeName: 'node-b' });
    expect(call.state.error?.code).toBe(status.PERMISSION_DENIED);
  });

  it('A stream without a report ends after five seconds', async () => {
    const { open, clock } = setup();
    const call = open();
    await clock.advance(5_000);
    expect(call.state.error?.code).toBe(status.UNAVAILABLE);
  });

  it('A stream ends with UNAVAILABLE at its maximum age', async () => {
    const { open, clock, counts } = setup();
    const call = open();
    call.report();
    await clock.advance(30 * 60_000 - 1);
    expect(call.state.error).toBeUndefined();
    await clock.advance(1);
    expect(call.state.error?.code).toBe(status.UNAVAILABLE);
    expect(counts.streams).toBe(0);
  });

  it('A stream ends when the certificate that opened it expires', async () => {
    const endsMs = Date.UTC(2026, 10, 23, 7, 10);
    const { open, clock } = setup({ certificateEndsMs: endsMs });
    const call = open();
    call.report();
    await clock.advance(endsMs - clock.now() - 1);
    expect(call.state.error).toBeUndefined();
    await clock.advance(1);
    expect(call.state.error?.code).toBe(status.UNAVAILABLE);
  });

  it('A drain ends all streams with UNAVAILABLE and accepts no new ones', () => {
    const { open, service, counts } = setup();
    const calls = [open(), open()];
    for (const call of calls) call.report();
    service.drain();
    expect(calls.map(({ state }) => state.error?.code)).toEqual([status.UNAVAILABLE, status.UNAVAILABLE]);
    const late = open();
    late.report();
    expect(late.state.error?.code).toBe(status.UNAVAILABLE);
    expect(counts.streams).toBe(0);
  });

  it('Nothing more is sent on a stream that has ended', () => {
    const { open, setPod, counts } = setup();
    const call = open();
    call.report();
    const said = call.written.length;
    call.emit('end');
    setPod('late');
    expect(call.written).toHaveLength(said);
    expect(call.state.ended).toBe(true);
    expect(counts.streams).toBe(0);
  });

  it('New token keys are sent when the key period changes', async () => {
    const { open, clock } = setup();
    const call = open();
    call.report();
    const first = call.written.find(({ tokenKeys }) => tokenKeys)?.tokenKeys?.keys?.[0]?.id;
    // Streams end after half an hour: one that is opened just before the change sees it.
    const periodMs = 6 * 60 * 60_000;
    await clock.advance(periodMs - (clock.now() % periodMs) - 1_000);
    const later = open();
    later.report();
    await clock.advance(2_000);
    const keys = later.written.flatMap(({ tokenKeys }) =>
      tokenKeys ? [tokenKeys.keys?.map(({ id }) => id)] : [],
    );
    expect(keys).toHaveLength(2);
    expect(keys[1]).toEqual([expect.any(String), first]);
  });

  it("Resolve answers for addresses of the agent's own node only, and Attest is UNIMPLEMENTED", () => {
    const { service, setPod } = setup();
    setPod('a', { ips: ['198.18.0.1'] });
    const answers: unknown[] = [];
    const request = (ip: string, node: string | undefined) =>
      Object.assign(fakeCall(node), { request: { ip } });
    const take = (error: { code: number } | null, value: { pod?: { name?: string } } = {}) =>
      answers.push(error?.code ?? value.pod?.name ?? 'nobody');
    service.handlers.Resolve(request('198.18.0.1', 'node-a') as never, take as never);
    service.handlers.Resolve(request('198.18.0.2', 'node-a') as never, take as never);
    service.handlers.Resolve(request('198.18.0.1', 'node-b') as never, take as never);
    service.handlers.Resolve(request('198.18.0.1', undefined) as never, take as never);
    service.handlers.Attest({} as never, take as never);
    const { PERMISSION_DENIED, UNIMPLEMENTED } = status;
    expect(answers).toEqual(['a', 'nobody', PERMISSION_DENIED, PERMISSION_DENIED, UNIMPLEMENTED]);
  });
});
