import { describe, expect, it } from 'vitest';
import type { HeldSessionRead, PodState } from '@rolegate/protocol';
import type { Decisions } from '../../../src/decisions/decisions.ts';
import { createNodes } from '../../../src/feed/nodes/nodes.ts';
import { sessionId } from '../../../src/session/session.ts';
import { createClusterStandIn } from '../cluster-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const PERMIT = { 'iam.amazonaws.com/permitted': 'app' };

/** Each decision on a Pod of the Namespace `slow` takes `slowMs`; the test controls the event loop. */
function setup({ slowMs = 10 } = {}) {
  const cluster = createClusterStandIn();
  const deferred: (() => void)[] = [];
  let nowMs = 0;
  const clock = { ...cluster.clock, monotonic: () => cluster.clock.monotonic() + nowMs };
  const decisions: Decisions = {
    ...cluster.decisions,
    decide(pod) {
      if (pod.namespace === 'slow') nowMs += slowMs;
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
    settle: () => {
      while (deferred.length > 0) for (const call of deferred.splice(0)) call();
    },
    join: (node: string, held: readonly HeldSessionRead[] = []) => {
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
      const leave = nodes.join(node, stream, held, () => said.push('told'));
      return { kinds, first, said, leave };
    },
  };
}

describe('Node joins', () => {
  it('An agent that connects gets cheap Pods immediately, costly ones in turns, and then synced', () => {
    const { setPod, join, turnOfLoop, settle } = setup();
    for (let i = 0; i < 50; i += 1) setPod(`slow-${i}`, { namespace: 'slow', annotations: ROLE });
    for (let i = 0; i < 3; i += 1) setPod(`shop-${i}`, { annotations: ROLE });
    const { kinds, said } = join('node-a');
    expect([...kinds.keys()].sort()).toEqual(['uid-shop-0', 'uid-shop-1', 'uid-shop-2', 'uid-slow-0']);
    turnOfLoop();
    expect([kinds.size, said]).toEqual([5, []]);
    settle();
    expect([kinds.size, ...new Set(kinds.values()), ...said]).toEqual([53, 'allow', 'told']);
  });

  it('An agent that connects is told that Pods are pending if their decisions would take too long', () => {
    const { setPod, join, settle } = setup({ slowMs: 300 });
    for (let i = 0; i < 50; i += 1) setPod(`slow-${i}`, { namespace: 'slow', annotations: ROLE });
    const { first, said, kinds } = join('node-a');
    settle();
    expect([...first.values()].filter((kind) => kind === 'pending').length).toBeGreaterThan(10);
    expect([first.size, ...new Set(kinds.values()), ...said]).toEqual([50, 'allow', 'told']);
  });

  it('A session that a connecting agent has cached is not issued again for a Pod that is decided later', () => {
    const { setPod, setServiceAccount, join, settle, decisions, issued } = setup();
    const ids = [0, 1, 2].map((i) => {
      setServiceAccount('slow', `sa-${i}`);
      const more = { namespace: 'slow', annotations: ROLE, serviceAccount: `sa-${i}` };
      const { decision } = decisions.decide(setPod(`slow-${i}`, more)).verdict;
      return decision.kind === 'allow' ? sessionId(decision.session) : '';
    });
    expect(new Set(ids).size).toBe(3);
    const held = ids.map((id) => ({
      sessionId: id,
      fingerprint: 'f',
      remainingMs: 3_000_000,
      lifetimeMs: 3_600_000,
    }));
    join('node-a', held);
    settle();
    expect(issued).toEqual([]);
  });

  it('A second stream of a node is synced only once its Pods are decided', () => {
    const { setPod, join, settle } = setup();
    for (let i = 0; i < 5; i += 1) setPod(`slow-${i}`, { namespace: 'slow', annotations: ROLE });
    const first = join('node-a');
    const second = join('node-a');
    expect([first.said, second.said]).toEqual([[], []]);
    settle();
    expect([second.said, second.kinds.size]).toEqual([['told'], 5]);
  });

  it('An agent that connects waits for the next turn of the event loop if others have used this one', () => {
    const { setPod, join, settle } = setup();
    for (let i = 0; i < 3; i += 1) {
      setPod(`a-${i}`, { namespace: 'slow', nodeName: 'node-a', annotations: ROLE });
      setPod(`b-${i}`, { namespace: 'slow', nodeName: 'node-b', annotations: ROLE });
    }
    const [a, b] = [join('node-a'), join('node-b')];
    expect([a.kinds.size, b.kinds.size]).toEqual([1, 0]);
    settle();
    expect([a.said, b.said, b.kinds.size]).toEqual([['told'], ['told'], 3]);
  });

  it('An agent that connects and disconnects before its turn gets nothing', () => {
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
