import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { PodState } from '@rolegate/protocol';
import type { Decisions } from '../../src/decisions.ts';
import { createNodes } from '../../src/feed/nodes.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const PERMIT = { 'iam.amazonaws.com/permitted': 'app' };

/** Each decision on a Pod of the Namespace `slow` takes 10 ms; the event loop is in the test's hands. */
function setup() {
  const cluster = createClusterStandIn();
  const deferred: (() => void)[] = [];
  let nowMs = 0;
  const clock = { ...cluster.clock, monotonic: () => cluster.clock.monotonic() + nowMs };
  const decisions: Decisions = {
    ...cluster.decisions,
    decide(pod) {
      if (pod.namespace === 'slow') nowMs += 10;
      return cluster.decisions.decide(pod);
    },
  };
  const nodes = createNodes({
    ...cluster,
    clock,
    decisions,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
    defer: (call) => deferred.push(call),
  });
  for (const namespace of ['slow', 'shop']) {
    cluster.setNamespace(namespace, PERMIT);
    cluster.setServiceAccount(namespace, 'default');
  }
  return {
    ...cluster,
    nodes,
    turnOfLoop: () => {
      for (const call of deferred.splice(0)) call();
    },
    join: (node: string) => {
      const kinds = new Map<string, string>();
      const first = new Map<string, string>();
      const said: string[] = [];
      const stream = {
        pod: (state: PodState) => {
          const kind = state.allow ? 'allow' : state.deny ? 'deny' : 'pending';
          kinds.set(String(state.uid), kind);
          if (!first.has(String(state.uid))) first.set(String(state.uid), kind);
        },
        podRemoved: () => undefined,
        session: () => undefined,
        sessionRemoved: () => undefined,
      };
      const leave = nodes.join(node, stream, [], () => said.push('told'));
      return { kinds, first, said, leave };
    },
  };
}

describe('an agent that connects', () => {
  it('is told at once of Pods that are decided quickly, and of costly ones in their turns', async () => {
    const { setPod, join } = setup();
    for (let i = 0; i < 50; i += 1) setPod(`slow-${i}`, { namespace: 'slow', annotations: ROLE });
    for (let i = 0; i < 3; i += 1) setPod(`shop-${i}`, { annotations: ROLE });
    const { kinds, first, said } = join('node-a');
    expect(said).toEqual(['told']);
    const ofFirst = (kind: string) => [...first].filter(([, told]) => told === kind).map(([uid]) => uid);
    expect(ofFirst('allow').sort()).toEqual(['uid-shop-0', 'uid-shop-1', 'uid-shop-2', 'uid-slow-0']);
    expect(ofFirst('pending')).toHaveLength(49);
    for (let turn = 0; turn < 200; turn += 1) await setImmediate();
    expect([kinds.size, ...new Set(kinds.values())]).toEqual([53, 'allow']);
  });

  it('waits for the next turn of the event loop if others have taken this one', () => {
    const { setPod, join, turnOfLoop } = setup();
    for (let i = 0; i < 3; i += 1) {
      setPod(`a-${i}`, { namespace: 'slow', nodeName: 'node-a', annotations: ROLE });
      setPod(`b-${i}`, { namespace: 'slow', nodeName: 'node-b', annotations: ROLE });
    }
    const [a, b] = [join('node-a'), join('node-b')];
    expect([a.said, b.said]).toEqual([['told'], []]);
    turnOfLoop();
    expect(b.said).toEqual(['told']);
  });

  it('and leaves before its turn is told nothing', () => {
    const { setPod, join, turnOfLoop, nodes } = setup();
    setPod('a', { namespace: 'slow', nodeName: 'node-a', annotations: ROLE });
    setPod('b', { namespace: 'slow', nodeName: 'node-b', annotations: ROLE });
    join('node-a');
    const { kinds, said, leave } = join('node-b');
    leave();
    turnOfLoop();
    expect([kinds.size, said, nodes.connected]).toEqual([0, [], 1]);
  });
});
