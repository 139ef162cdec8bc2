import { describe, expect, it } from 'vitest';
import type { HeldSessionRead } from '@rolegate/protocol';
import { createNodes } from '../../../src/feed/nodes/nodes.ts';
import { createClusterStandIn } from '../cluster-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const HOUR_MS = 3_600_000;

/** Two Pods of one session on node-a; `current` says whether the server has credentials for it. */
function setup() {
  const cluster = createClusterStandIn();
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  cluster.setServiceAccount('shop', 'default');
  cluster.setServiceAccount('shop', 'other');
  cluster.setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app' });
  for (const name of ['a', 'b']) cluster.setPod(name, { annotations: ROLE });
  const ids: string[] = [];
  const removed: string[] = [];
  const join = (node: string, held: readonly HeldSessionRead[] = []) =>
    nodes.join(
      node,
      {
        pod: () => undefined,
        podRemoved: () => undefined,
        session: (id) => ids.push(id),
        sessionRemoved: (id) => removed.push(id),
      },
      held,
    );
  const leave = join('node-a');
  const [id = ''] = ids;
  const held = () => cluster.sessions.get(id)?.credentials !== undefined;
  return { ...cluster, nodes, join, leave, id, removed, held };
}

describe('Node sessions', () => {
  it('A session is renewed only as long as its Pods use it', async () => {
    const { nodes, clock, id, held } = setup();
    for (let hour = 0; hour < 24; hour++) {
      await clock.advance(HOUR_MS);
      nodes.used('node-a', [id]);
      expect(held()).toBe(true);
    }
    await clock.advance(4 * HOUR_MS);
    expect(held()).toBe(false);
  });

  it('A session of a node that has moved here from another replica is renewed only when a Pod uses it', async () => {
    const { nodes, join, leave, clock, id, held, issued } = setup();
    await clock.advance(0);
    leave();
    await clock.advance(10 * 60_000);
    const unusedMs = 3 * HOUR_MS;
    join('node-a', [{ sessionId: id, fingerprint: '', remainingMs: -unusedMs, lifetimeMs: 0, unusedMs }]);
    await clock.advance(HOUR_MS);
    expect([held(), issued.length]).toEqual([false, 1]);
    nodes.used('node-a', [id]);
    await clock.advance(0);
    expect([held(), issued.length]).toEqual([true, 2]);
  });

  it('A session is wanted by each Namespace of the node that shares it, and not only by the first', () => {
    const world = setup();
    const wanted: string[] = [];
    const nodes = createNodes({
      ...world,
      sessions: { ...world.sessions, wantedBy: (id, namespace) => wanted.push(`${id} ${namespace}`) },
      // As under --session-scope role.
      decisions: {
        ...world.decisions,
        decide: (pod) => ({ ...world.decisions.decide({ ...pod, namespace: 'shop' }), pod }),
      },
      warn: () => undefined,
      audit: () => undefined,
      metrics: { decision: () => undefined },
    });
    world.setPod('c', { namespace: 'other', annotations: ROLE });
    const ignore = () => undefined;
    nodes.join('node-a', { pod: ignore, podRemoved: ignore, session: ignore, sessionRemoved: ignore }, []);
    expect(wanted).toEqual([`${world.id} other`]);
  });

  it('A session is not kept alive by a node that has no Pod for it', async () => {
    const { nodes, join, clock, id, held } = setup();
    join('node-b');
    for (let hour = 0; hour < 5; hour++) {
      await clock.advance(HOUR_MS);
      nodes.used('node-b', [id, 'unknown']);
    }
    expect(held()).toBe(false);
  });

  it('A session is kept while one of its Pods is left, and dropped with the last', async () => {
    const { clock, removePod, removed, id, held } = setup();
    await clock.advance(0);
    removePod('a');
    expect([held(), removed]).toEqual([true, []]);
    removePod('b');
    expect([held(), removed]).toEqual([false, [id]]);
  });

  it('A session is dropped when the containers of its Pods have ended, even if the Pods still exist', async () => {
    const { clock, setPod, removed, id, held } = setup();
    await clock.advance(0);
    for (const name of ['a', 'b']) setPod(name, { annotations: ROLE, ended: true });
    expect([held(), removed]).toEqual([false, [id]]);
  });

  it('A session of a node whose agent reconnects within a minute is kept', async () => {
    const { clock, join, leave, issued, held, nodes } = setup();
    await clock.advance(0);
    leave();
    expect(nodes.connected).toBe(0);
    await clock.advance(30_000);
    join('node-a');
    expect(nodes.connected).toBe(1);
    await clock.advance(120_000);
    expect([held(), issued.length]).toEqual([true, 1]);
  });

  it('A session for a Pod that is created while its agent is disconnected is issued once the agent reconnects', async () => {
    const { clock, join, leave, issued, setPod } = setup();
    await clock.advance(0);
    leave();
    setPod('late', { annotations: ROLE, serviceAccount: 'other' });
    await clock.advance(30_000);
    expect(issued).toHaveLength(1);
    join('node-a');
    await clock.advance(0);
    expect(issued).toHaveLength(2);
  });
});
