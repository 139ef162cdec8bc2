import { expect, it } from 'vitest';
import {
  agentPod,
  namespaceName,
  nodeObject,
  otherWorkload,
  podOf,
  rolloutWorkload,
  scaleObjects,
  workloadOfPod,
} from '../scale/objects.ts';
import { scaleSize } from '../scale/size.ts';

const SIZE = scaleSize(100);
const bytes = (object: object) => JSON.stringify(object).length;

it('A simulated cluster of 5,000 nodes is the one of the goals', () => {
  expect(scaleSize(5_000)).toMatchObject({
    pods: 150_000,
    churnPerSecond: 50,
    rolloutPods: 5_000,
    permitPods: 20_000,
  });
});

it('The simulated objects are all different, and have the number of the size', () => {
  const objects = [...scaleObjects(SIZE)];
  const counts = Object.groupBy(objects, ({ kind }) => kind);
  expect(Object.fromEntries(Object.entries(counts).map(([kind, all]) => [kind, all?.length]))).toEqual({
    Namespace: SIZE.namespaces,
    ServiceAccount: SIZE.workloads,
    Node: SIZE.nodes,
    Pod: SIZE.pods,
  });
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  expect(new Set(names).size).toBe(objects.length);
});

it('The first Namespace has the Pods of the permit, the second those of the rollout, and both have only those', () => {
  const counts = new Map<string, number>();
  for (let index = 0; index < SIZE.pods; index++) {
    const { namespace } = workloadOfPod(index, SIZE);
    counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  }
  expect([0, 1].map((index) => counts.get(namespaceName(index)))).toEqual([
    SIZE.permitPods,
    SIZE.rolloutPods,
  ]);
  expect(rolloutWorkload(SIZE).namespace).toBe(namespaceName(1));
  expect([namespaceName(0), namespaceName(1)]).not.toContain(otherWorkload(12_345, SIZE).namespace);
});

it('Every node gets Pods, and two in three Pods name a role', () => {
  const indexes = Array.from({ length: SIZE.pods }, (_, index) => index);
  const pods = indexes.map((index) =>
    podOf({ index, size: SIZE, workload: workloadOfPod(index, SIZE), state: 'running' }),
  );
  const nodes = new Set(pods.map(({ spec }) => (spec as { nodeName: string }).nodeName));
  expect(nodes.size).toBe(SIZE.nodes);
  const named = indexes.filter((index) => workloadOfPod(index, SIZE).role !== undefined).length;
  expect(named / SIZE.pods).toBeGreaterThan(0.6);
  expect(named / SIZE.pods).toBeLessThan(0.8);
});

it('Simulated Pods and Nodes have the size of real ones', () => {
  const pod = podOf({ index: 0, size: SIZE, workload: workloadOfPod(0, SIZE), state: 'running' });
  expect(bytes(pod)).toBeGreaterThan(4_500);
  expect(bytes(nodeObject(0, '2026-11-30T00:00:00Z'))).toBeGreaterThan(8_000);
});

it('A Pod is on no node before it is scheduled, and has an address once it runs', () => {
  const at = (state: 'created' | 'scheduled' | 'running') =>
    podOf({ index: 7, size: SIZE, workload: workloadOfPod(7, SIZE), state }) as unknown as {
      readonly spec: { readonly nodeName: string };
      readonly status: { readonly podIP?: string };
    };
  expect(at('created').spec.nodeName).toBe('');
  expect([at('scheduled').spec.nodeName, at('scheduled').status.podIP]).toEqual(['bench-node-49', undefined]);
  expect(at('running').status.podIP).toBe('10.0.0.7');
});

it("An agent's Pod has the address from which the agent connects", () => {
  expect(agentPod(3)).toMatchObject({ spec: { nodeName: 'bench-node-3' }, status: { podIP: '127.8.0.5' } });
});
