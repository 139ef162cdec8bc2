import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import type { AgentReport } from '@rolegate/protocol';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import { createPeersStandIn } from './peers-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { fakeCall } from './call-stand-in.ts';
import { feedDeps } from './feed-deps.ts';

const none = () => undefined;

/** A server whose stores are at resourceVersion 1000 of each kind. */
function setup() {
  const cluster = createClusterStandIn();
  const nodes = createNodes({ ...cluster, warn: none, audit: none, metrics: { decision: none } });
  const isGone = { agent: false };
  const peers = createPeersStandIn({
    ...cluster,
    log: silentLog,
    identityOf: (call) => {
      if (isGone.agent) throw new Error('the Pod of the agent is gone');
      return call.getAuthContext() as { node: string };
    },
  });
  const service = createFeedService({
    ...feedDeps(cluster),
    ...peers,
    nodes,
    podsResourceVersion: () => '1000',
  });
  cluster.setServiceAccount('shop', 'default');
  cluster.setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app' });
  cluster.setPod('a', { annotations: { 'iam.amazonaws.com/role': 'app' } });
  for (const store of [cluster.podStore, cluster.namespaces, cluster.serviceAccounts]) store.advance('1000');

  function openAs(node: string, report: AgentReport) {
    const call = fakeCall(node);
    service.handlers.Feed(call as never);
    call.report({ nodeName: node, ...report });
    return Object.assign(call, { forgets: () => call.written[0]?.hello?.forget === true });
  }
  return { ...cluster, isGone, openAs, open: (report: AgentReport = {}) => openAs('node-a', report) };
}

const seen = (version: string, more: object = {}) => ({
  newestSeen: { pod: version, namespace: '', serviceAccount: '', ...more },
});

describe('Agents ahead of the server', () => {
  it('An agent that has seen more than the server must forget if the API server is at an older resourceVersion', async () => {
    const { open, clock, apiServer } = setup();
    apiServer.version = '1003';
    const call = open(seen('6000'));
    expect(call.written).toEqual([]);
    await clock.advance(0);
    expect(call.forgets()).toBe(true);
    expect(call.kinds().slice(0, 5)).toEqual(['hello', 'tokenKeys', 'session', 'pod', 'synced']);
    expect(apiServer.asked).toEqual([{ kind: 'Pod', atMs: 0 }]);
  });

  it.each(['namespace', 'serviceAccount'])(
    'The server tells an agent to forget its versions if the agent has seen a newer %s than the API server has',
    async (kind) => {
      const { open, clock } = setup();
      const call = open(seen('5', { [kind]: '6000' }));
      await clock.advance(0);
      expect(call.forgets()).toBe(true);
    },
  );

  it('An agent is not told to forget if the API server has seen as much and only this server is behind', async () => {
    const { open, clock, apiServer } = setup();
    apiServer.version = '6000';
    const call = open(seen('6000'));
    await clock.advance(0);
    expect([call.forgets(), call.kinds()[0]]).toEqual([false, 'hello']);
  });

  it('A stream begins without asking the API server if the agent has seen no more or reports no valid number', () => {
    const { open, apiServer } = setup();
    for (const report of [{}, seen('1000'), seen(''), seen('x9'), seen('9'.repeat(21))]) {
      const call = open(report);
      expect([call.forgets(), call.kinds()[0]]).toEqual([false, 'hello']);
    }
    expect(apiServer.asked).toEqual([]);
  });

  it('An agent gets a stream after 3 s without an answer, and loses it once the API server is known to have an older state', async () => {
    const { open, clock, apiServer } = setup();
    apiServer.fault = new Error('ECONNREFUSED');
    const call = open(seen('6000'));
    await clock.advance(3_000);
    expect([call.forgets(), call.kinds()[4]]).toEqual([false, 'synced']);
    await clock.advance(60_000);
    expect(call.state.error).toBeUndefined();
    apiServer.fault = undefined;
    await clock.advance(10_000);
    expect(call.state.error?.details).toContain('went back to an older state');
  });

  it('A stream that began without an answer stays open if the API server turns out not to be older', async () => {
    const { open, clock, apiServer } = setup();
    Object.assign(apiServer, { takesMs: 20_000, version: '6000' });
    const call = open(seen('6000'));
    await clock.advance(3_000);
    expect(call.kinds()[0]).toBe('hello');
    await clock.advance(200_000);
    expect(call.state).toMatchObject({ ended: false, error: undefined });
  });

  it('An agent gets nothing if its Pod was deleted while the API server was asked', async () => {
    const { open, clock, apiServer, isGone } = setup();
    apiServer.takesMs = 1_000;
    const call = open(seen('6000'));
    isGone.agent = true;
    await clock.advance(1_000);
    expect(call.written).toEqual([]);
    expect(call.state.error).toBeDefined();
  });
});

describe('Stolen nodes', () => {
  it('A stolen node that claims to have seen the newest versions causes at most one read in 2 s and makes no other agent forget', async () => {
    const { open, openAs, clock, apiServer } = setup();
    const honest = openAs('node-b', {});
    for (let second = 0; second < 60; second++) {
      for (let call = 0; call < 3; call++) open(seen('9223372036854775808', { namespace: '9'.repeat(20) }));
      await clock.advance(1_000);
    }
    for (const kind of ['Pod', 'Namespace']) {
      const times = apiServer.asked.filter((one) => one.kind === kind).map(({ atMs }) => atMs);
      expect(times.length).toBeLessThanOrEqual(31);
      expect(Math.min(...times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0)))).toBeGreaterThanOrEqual(
        2_000,
      );
    }
    expect(apiServer.listedAgain).toEqual([]);
    expect(honest.state).toMatchObject({ ended: false, error: undefined });
    const next = openAs('node-b', seen('1000'));
    expect([next.forgets(), next.kinds()[0]]).toEqual([false, 'hello']);
  });
});

describe('Server that has found a restore', () => {
  it('Once the server has the older state, it ends its streams and tells each agent once to forget', async () => {
    const { open, clock, history } = setup();
    const before = open();
    history.restored('Pod', '1000', '900');
    expect(before.state.error).toBeUndefined();
    await clock.advance(1_000);
    expect(before.state.error?.details).toContain('went back to an older state');
    // Whatever it has seen: an object may be older although the API server counts on.
    const again = open(seen('20'));
    expect(again.forgets()).toBe(true);
    await clock.advance(60_000);
    const later = open({ ...seen('20'), forgotMs: 20_000 });
    await clock.advance(0);
    expect([later.forgets(), later.kinds()[0]]).toEqual([false, 'hello']);
    expect(open({ ...seen('20'), forgotMs: 90_000 }).forgets()).toBe(true);
  });

  it('Kinds that are ahead of a restored API server are listed again, and no others', () => {
    const { history, apiServer, namespaces, serviceAccounts } = setup();
    serviceAccounts.advance('890');
    expect(namespaces.resourceVersion).toBe('1000');
    history.restored('Pod', '1000', '900');
    expect(apiServer.listedAgain).toEqual(['Pod', 'Namespace']);
  });
});

describe('Replica that has missed a restore', () => {
  it('A replica that has missed a restore sends nothing to an agent told to forget, and reads the cluster again', async () => {
    const { open, clock, apiServer } = setup();
    apiServer.version = '900';
    await clock.advance(5_000);
    const call = open({ ...seen('900'), forgotMs: 1_000 });
    await clock.advance(0);
    expect(call.written).toEqual([]);
    expect(call.state.error?.details).toContain('is reading it again');
    expect(apiServer.listedAgain).toContain('Pod');
  });

  it('A replica sends nothing to an agent told to forget while it cannot reach the API server', async () => {
    const { open, clock, apiServer } = setup();
    Object.assign(apiServer, { takesMs: 60_000 });
    await clock.advance(5_000);
    const call = open({ ...seen('900'), forgotMs: 1_000 });
    await clock.advance(3_000);
    expect(call.written).toEqual([]);
    expect(call.state.error?.details).toContain('cannot reach the API server');
  });

  it('A replica need not ask if it has asked since the agent forgot, or if that was over ten minutes ago', async () => {
    const { open, clock, apiServer } = setup();
    await clock.advance(5_000);
    open({ ...seen('900'), forgotMs: 1_000 });
    await clock.advance(10_000);
    expect(apiServer.asked).toHaveLength(3);
    const [asked, longAgo] = [
      open({ ...seen('900'), forgotMs: 10_500 }),
      open({ ...seen('900'), forgotMs: 600_001 }),
    ];
    expect([asked.kinds()[0], longAgo.kinds()[0], apiServer.asked.length]).toEqual(['hello', 'hello', 3]);
  });
});
