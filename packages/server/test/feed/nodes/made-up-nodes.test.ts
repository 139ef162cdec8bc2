import { describe, expect, it } from 'vitest';
import { createNodes } from '../../../src/feed/nodes/nodes.ts';
import { createClusterStandIn } from '../cluster-stand-in.ts';

const HOUR_MS = 3_600_000;

function setup() {
  const cluster = createClusterStandIn();
  const { memory } = cluster;
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  /** Pods of a Namespace that name nodes which do not exist. */
  const makeUp = (count: number, from = 0) => {
    for (let at = from; at < from + count; at++) {
      const pod = cluster.setPod('made', {
        uid: `made-${at}`,
        namespace: 'greedy',
        nodeName: `made-up-${at}`,
      });
      cluster.podStore.remove(pod);
    }
  };
  return { ...cluster, nodes, makeUp, remembered: () => memory.sizes()['changed_nodes'] };
}

describe('Last change of a node', () => {
  it('The last change of a node is known for longer than any session lives, and then forgotten', async () => {
    const { clock, nodes, setPod, remembered } = setup();
    setPod('a');
    await clock.advance(12 * HOUR_MS);
    expect(nodes.unchangedForMs('node-a')).toBe(12 * HOUR_MS);
    await clock.advance(HOUR_MS);
    expect([nodes.unchangedForMs('node-a'), remembered()]).toEqual([Infinity, 0]);
  });

  it('The last change of a node stays known however many node names a Namespace makes up', async () => {
    const { clock, nodes, setPod, makeUp, remembered } = setup();
    setPod('a');
    await clock.advance(HOUR_MS);
    makeUp(12_000);
    expect([nodes.unchangedForMs('node-a'), remembered()]).toEqual([HOUR_MS, 6_000]);
  });

  it('A node whose last change was forgotten is treated as changed at the latest forgotten time', async () => {
    const { clock, nodes, setPod, makeUp } = setup();
    // The Pod that changed last on the node is of the Namespace whose names are forgotten first.
    setPod('a', { namespace: 'greedy' });
    await clock.advance(HOUR_MS);
    expect(nodes.unchangedForMs('node-b')).toBe(Infinity);
    makeUp(6_000);
    await clock.advance(60_000);
    expect(nodes.unchangedForMs('node-a')).toBe(HOUR_MS + 60_000);
    makeUp(1, 6_000);
    expect(nodes.unchangedForMs('node-a')).toBe(60_000);
  });
});
