import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import type { Connection } from '../../src/kubernetes/api/connection.ts';
import { createNodeTaints } from '../../src/kubernetes/node-taints.ts';
import { startApi } from './setup.ts';

const KEY = 'rolegate.dev/agent-not-ready';
const OURS = { key: KEY, effect: 'NoSchedule' };
const OTHERS = {
  key: 'node.kubernetes.io/not-ready',
  effect: 'NoExecute',
  timeAdded: '2026-11-23T07:00:00Z',
};
const { signal } = new AbortController();

/** A Node with these taints; `meanwhile` runs between each read and its write. */
async function setup(taints: readonly object[] | undefined, meanwhile?: (round: number) => void) {
  const run = await startApi({ clock: systemClock });
  const put = (now: readonly object[] | undefined) =>
    run.api.apply({
      kind: 'Node',
      metadata: { name: 'node-a', labels: { zone: 'a' } },
      spec: { podCIDR: '10.1.0.0/24', ...(now && { taints: now }) },
    });
  put(taints);
  let [reads, writes] = [0, 0];
  const connection: Connection = {
    ...run.connection,
    async request(request) {
      if (request.method === 'PATCH') writes += 1;
      const answer = await run.connection.request(request);
      if (request.method === 'GET') meanwhile?.((reads += 1));
      return answer;
    },
  };
  const node = () =>
    run.api.get('Node', '', 'node-a') as unknown as { spec: { taints?: unknown; podCIDR: string } };
  return {
    ...run,
    put,
    node,
    writes: () => writes,
    remove: (name = 'node-a', keys: readonly string[] = [KEY]) =>
      createNodeTaints({ connection }).remove(name, keys, signal),
  };
}

describe('Node taints', () => {
  it('Removing a key removes every taint with that key and keeps the rest of the spec', async () => {
    const twice = [OURS, OTHERS, { ...OURS, effect: 'NoExecute' }];
    await using run = await setup(twice);
    expect(await run.remove()).toEqual([KEY]);
    expect(run.node().spec).toEqual({ podCIDR: '10.1.0.0/24', taints: [OTHERS] });
  });

  it.each([{ taints: undefined }, { taints: [] }, { taints: [OTHERS] }])(
    'A Node is not written if there is nothing to remove: $taints',
    async ({ taints }) => {
      await using run = await setup(taints);
      expect([await run.remove(), run.writes()]).toEqual([[], 0]);
    },
  );

  it('A taint that is added between the read and the write is kept', async () => {
    await using run = await setup([OURS], (round) => {
      if (round === 1) run.put([OURS, OTHERS]);
    });
    expect(await run.remove()).toEqual([KEY]);
    expect([run.node().spec.taints, run.writes()]).toEqual([[OTHERS], 2]);
  });

  it('Removal fails after five writes if the taints change before each of them', async () => {
    await using run = await setup([OURS], (round) => run.put([OURS, { ...OTHERS, value: String(round) }]));
    await expect(run.remove()).rejects.toThrow('patch nodes: 422');
    expect(run.writes()).toBe(5);
  });

  it('Nothing is removed from a Node that does not exist', async () => {
    await using run = await setup([OURS]);
    expect(await run.remove('node-b')).toEqual([]);
  });

  it('The error names the right that is missing', async () => {
    await using run = await setup([OURS]);
    run.api.refuse(403);
    await expect(run.remove()).rejects.toThrow('the right to get nodes with a ClusterRole');
  });
});
