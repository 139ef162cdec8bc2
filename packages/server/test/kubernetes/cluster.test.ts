import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createCluster } from '../../src/kubernetes/cluster.ts';
import type { Connection } from '../../src/kubernetes/api/connection.ts';
import { eventually, startApi } from './setup.ts';

async function setup({ mayWatchNodes = true } = {}) {
  const clock = createFakeClock();
  const { api, connection, ...rest } = await startApi({ clock });
  api.loadManifests(`
apiVersion: v1
kind: Namespace
metadata: { name: team-a, annotations: { iam.amazonaws.com/permitted: app, other: x } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: runner, namespace: team-a, annotations: { iam.amazonaws.com/role: app } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: team-a, annotations: { iam.amazonaws.com/role: app } }
spec: { nodeName: node-1, serviceAccountName: runner }
status: { phase: Running, podIPs: [{ ip: 10.0.0.7 }] }
`);
  const counted: string[] = [];
  const metrics = {
    watchEvents: (kind: string, type: string) => counted.push(`${kind} ${type}`),
    relists: () => undefined,
    limitHit: () => undefined,
  };
  const accepted: string[] = [];
  const limited: Connection = {
    request(request) {
      if (!request.path.endsWith('/nodes')) return connection.request(request);
      accepted.push(request.accept ?? '');
      return mayWatchNodes ? connection.request(request) : Promise.reject(new Error('forbidden'));
    },
    close: () => undefined,
  };
  const cluster = createCluster({ connection: limited, clock, log: silentLog, metrics, random: () => 0.5 });
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  return {
    api,
    clock,
    cluster,
    counted,
    accepted,
    stop,
    start() {
      running = cluster.run(stop.signal);
      return running;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await rest[Symbol.asyncDispose]();
    },
  };
}

describe('Cluster', () => {
  it('The cluster has the Pods, Namespaces and ServiceAccounts, with only the annotations that are used', async () => {
    await using run = await setup();
    void run.start();
    await eventually(run.cluster.synced);
    const { pods, namespaces, serviceAccounts } = run.cluster;
    expect(pods.byIp('node-1', '10.0.0.7').map(({ name }) => name)).toEqual(['web']);
    expect(pods.ofServiceAccount('team-a', 'runner')).toHaveLength(1);
    expect(namespaces.get('team-a')?.annotations).toEqual({ 'iam.amazonaws.com/permitted': 'app' });
    expect(serviceAccounts.get('team-a/runner')?.annotations).toEqual({ 'iam.amazonaws.com/role': 'app' });
    expect(serviceAccounts.get('team-a/default')?.annotations).toEqual({});
    expect(run.counted).toContain('Namespace bookmark');
  });

  it('The cluster notices created and removed nodes, and requests only their metadata', async () => {
    await using run = await setup();
    run.api.apply({ kind: 'Node', metadata: { name: 'node-1' } });
    const seen: string[] = [];
    run.cluster.nodes.onChange(({ kind, object }) => seen.push(`${kind} ${object.name}`));
    void run.start();
    await eventually(() => seen.length === 1);
    run.api.delete('Node', '', 'node-1');
    await eventually(() => seen.length === 2);
    expect(seen).toEqual(['set node-1', 'removed node-1']);
    expect(run.accepted[0]).toBe(
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
    );
  });

  it('The cluster syncs without the right to watch nodes', async () => {
    await using run = await setup({ mayWatchNodes: false });
    void run.start();
    await eventually(run.cluster.synced);
    expect(run.cluster.nodes.size).toBe(0);
  });

  it('The cluster follows changes of Pods, Namespaces and ServiceAccounts', async () => {
    await using run = await setup();
    void run.start();
    await eventually(run.cluster.synced);
    run.api.patch('Namespace', '', 'team-a', {
      metadata: { annotations: { 'iam.amazonaws.com/permitted': 'x' } },
    });
    run.api.delete('ServiceAccount', 'team-a', 'runner');
    run.api.delete('Pod', 'team-a', 'web');
    const { pods, namespaces, serviceAccounts } = run.cluster;
    await eventually(() => namespaces.get('team-a')?.annotations['iam.amazonaws.com/permitted'] === 'x');
    await eventually(() => serviceAccounts.get('team-a/runner') === undefined && pods.size === 0);
  });

  it('The cluster is synced once all three kinds are listed, and says for how long', async () => {
    await using run = await setup();
    expect([run.cluster.synced(), run.cluster.syncedForMs()]).toEqual([false, 0]);
    await run.clock.advance(5000);
    void run.start();
    await eventually(run.cluster.synced);
    await run.clock.advance(7000);
    expect(run.cluster.syncedForMs()).toBe(7000);
  });

  it('The cluster stays synced and keeps its Pods while the API server is unavailable', async () => {
    await using run = await setup();
    void run.start();
    await eventually(run.cluster.synced);
    run.api.refuse(500);
    run.api.dropWatches();
    await run.clock.advance(60_000);
    expect(run.cluster.synced()).toBe(true);
    expect(run.cluster.pods.size).toBe(1);
  });

  it('The cluster reports how long the watch of each kind has been silent', async () => {
    await using run = await setup();
    void run.start();
    await eventually(run.cluster.synced);
    await run.clock.advance(40_000);
    run.api.bookmark('Pod');
    await eventually(() => run.cluster.watchAgeMs('Pod') === 0);
    expect(run.cluster.watchAgeMs('Namespace')).toBe(40_000);
  });

  it('The cluster stops and closes its watches when its signal aborts', async () => {
    await using run = await setup();
    const running = run.start();
    await eventually(run.cluster.synced);
    run.stop.abort();
    await running;
    await eventually(() => run.api.watches === 0);
  });
});
