import { describe, expect, it } from 'vitest';
import { createMemory, silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createCluster } from '../../../src/kubernetes/cluster.ts';
import { createNames } from '../../../src/kubernetes/objects/names.ts';
import type { MemoryKind } from '../../../src/memory/memory.ts';
import { eventually, startApi } from '../setup.ts';

describe('Shared names', () => {
  it('A shared name is kept once, until it has been released as often as it was interned', () => {
    const names = createNames();
    const [first, second] = [names.intern('shop'), names.intern(['sh', 'op'].join(''))];
    expect([first, second, names.size]).toEqual(['shop', 'shop', 1]);
    names.release('shop');
    names.release('unknown');
    expect(names.size).toBe(1);
    names.release('shop');
    names.release('shop');
    expect(names.size).toBe(0);
  });
});

/** A cluster whose Pods, ServiceAccounts and Namespaces are created and deleted in every way that a watch or a list reports. */
async function setup() {
  const clock = createFakeClock();
  const { api, connection, ...rest } = await startApi({ clock });
  const memory = createMemory<MemoryKind>({ clock });
  const metrics = { watchEvents: () => undefined, relists: () => undefined, limitHit: () => undefined };
  const cluster = createCluster({ connection, clock, log: silentLog, metrics, random: () => 0.5, memory });
  const stop = new AbortController();
  const running = cluster.run(stop.signal);
  await eventually(cluster.synced);
  const podOf = (at: number) => ({
    kind: 'Pod' as const,
    metadata: { name: `pod-${at}`, namespace: `space-${at % 7}` },
    spec: { nodeName: `made-up-${at}`, serviceAccountName: `account-${at % 5}` },
  });
  return {
    api,
    clock,
    cluster,
    podOf,
    names: () => memory.sizes()['object_names'],
    /** What the kept objects call their Namespaces, nodes and so on. */
    alive: () => {
      const pods = cluster.pods.values().flatMap(({ namespace, nodeName, serviceAccount, daemonSet }) => {
        return [namespace, nodeName, serviceAccount, daemonSet];
      });
      return new Set(pods.concat(cluster.serviceAccounts.values().map(({ namespace }) => namespace))).size;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await rest[Symbol.asyncDispose]();
    },
  };
}

describe('Cluster names', () => {
  it('The interned names are those of the objects that exist, whatever watches and lists have sent', async () => {
    await using run = await setup();
    const { api, cluster, podOf } = run;
    for (let at = 0; at < 60; at++) {
      if (at < 7) api.apply({ kind: 'Namespace', metadata: { name: `space-${at}` } });
      api.apply(podOf(at));
      if (at % 3 === 0) api.apply({ ...podOf(at), status: { phase: 'Running' } });
      if (at % 4 === 0) api.delete('Pod', `space-${at % 7}`, `pod-${at}`);
      // The same name again is another Pod.
      if (at % 8 === 0) api.apply({ ...podOf(at), spec: { nodeName: `other-${at}` } });
    }
    await eventually(() => cluster.pods.size === 53);
    expect(run.names()).toBe(run.alive());
    // A list has all existing objects, and none that were deleted since.
    api.dropWatches();
    api.compact();
    for (let at = 1; at < 60; at += 4) api.delete('Pod', `space-${at % 7}`, `pod-${at}`);
    await run.clock.advance(60_000);
    await eventually(() => cluster.pods.size === 38);
    expect(run.names()).toBe(run.alive());
    for (const { metadata } of api.list('Pod')) api.delete('Pod', metadata.namespace ?? '', metadata.name);
    for (const { metadata } of api.list('ServiceAccount'))
      api.delete('ServiceAccount', metadata.namespace ?? '', metadata.name);
    await eventually(() => cluster.pods.size + cluster.serviceAccounts.size === 0);
    expect(run.names()).toBe(0);
  });
});
