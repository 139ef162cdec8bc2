import { describe, expect, it } from 'vitest';
import type { PodState } from '@rolegate/protocol';
import type { SessionCredentials } from '../../../src/credentials/sessions.ts';
import { createNodes } from '../../../src/feed/nodes/nodes.ts';
import { createClusterStandIn } from '../cluster-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const PERMIT = { 'iam.amazonaws.com/permitted': 'app|other' };

function setup() {
  const cluster = createClusterStandIn();
  const warnings: string[] = [];
  const counted: string[] = [];
  const nodes = createNodes({
    ...cluster,
    warn: ({ name }, reason) => warnings.push(`${name} ${reason}`),
    audit: () => undefined,
    metrics: { decision: (reason) => counted.push(reason) },
  });
  cluster.setServiceAccount('shop', 'default');
  return { ...cluster, nodes, warnings, counted };
}

function recorder() {
  const said: string[] = [];
  const states: PodState[] = [];
  const snapshots = new Map<string, () => SessionCredentials | undefined>();
  return {
    said,
    states,
    snapshots,
    stream: {
      pod: (state: PodState) => {
        states.push(state);
        said.push(`${String(state.name)} ${state.allow ? 'allow' : (state.deny?.reason ?? 'pending')}`);
      },
      podRemoved: (uid: string) => said.push(`removed ${uid}`),
      session: (id: string, current: () => SessionCredentials | undefined) => {
        snapshots.set(id, current);
        const { credentials, failure } = current() ?? {};
        said.push(`session ${credentials?.accessKeyId.slice(-1) ?? failure?.reason ?? 'none'}`);
      },
      sessionRemoved: () => said.push('session removed'),
    },
  };
}

describe('Nodes', () => {
  it('A node gets only its own Pods', () => {
    const { nodes, setNamespace, setPod } = setup();
    setNamespace('shop');
    setPod('here');
    setPod('there', { nodeName: 'node-b' });
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    setPod('there', { nodeName: 'node-b' });
    expect(said).toEqual(['here NoRole']);
  });

  it('A node gets denials before permits', () => {
    const { nodes, setNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    setPod('good', { annotations: ROLE });
    setPod('bad', { annotations: { 'iam.amazonaws.com/role': 'nope' } });
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    expect(said).toEqual(['bad NamespaceDenied', 'session none', 'good allow']);
  });

  it('A session is issued once for all Pods of a workload, and announced once it is issued', async () => {
    const { nodes, clock, issued, setNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    for (const name of ['a', 'b', 'c']) setPod(name, { annotations: ROLE });
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    await clock.advance(0);
    expect(issued).toHaveLength(1);
    expect(said.at(-1)).toBe('session 1');
  });

  it('A node gets a session that already exists because of another node', async () => {
    const { nodes, clock, issued, setNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    setPod('there', { annotations: ROLE, nodeName: 'node-b' });
    nodes.join('node-b', recorder().stream, []);
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    await clock.advance(0);
    setPod('here', { annotations: ROLE });
    expect(said).toEqual(['here allow', 'session 1']);
    expect(issued).toHaveLength(1);
  });

  it('Nothing is issued for nodes that are not connected', async () => {
    const { clock, issued, setNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    setPod('a', { annotations: ROLE });
    await clock.advance(1_000);
    expect(issued).toEqual([]);
  });

  it('A session is issued as soon as a Pod is bound to a connected node, before it has an address', async () => {
    const { nodes, clock, issued, setNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    nodes.join('node-a', recorder().stream, []);
    setPod('new', { annotations: ROLE, nodeName: '' });
    await clock.advance(0);
    expect(issued).toHaveLength(0);
    setPod('new', { annotations: ROLE });
    await clock.advance(0);
    expect(issued).toHaveLength(1);
  });

  it('Nothing is issued that the agent still has cached', async () => {
    const { nodes, clock, issued, setNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    setPod('a', { annotations: ROLE });
    const first = recorder();
    const leave = nodes.join('node-a', first.stream, []);
    const [sessionId = ''] = first.snapshots.keys();
    leave();
    const restarted = setup();
    restarted.setNamespace('shop', PERMIT);
    restarted.setPod('a', { annotations: ROLE });
    const held = [{ sessionId, fingerprint: 'f', remainingMs: 3_500_000, lifetimeMs: 3_600_000 }];
    restarted.nodes.join('node-a', recorder().stream, held);
    await restarted.clock.advance(60_000);
    expect(restarted.issued).toEqual([]);
    await clock.advance(0);
    expect(issued).toHaveLength(1);
  });

  it('A session is issued again for an agent that reconnects without cached credentials', async () => {
    const { nodes, clock, issued, setNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    setPod('a', { annotations: ROLE });
    const probe = recorder();
    const other = setup();
    other.setNamespace('shop', PERMIT);
    other.setPod('a', { annotations: ROLE });
    other.nodes.join('node-a', probe.stream, []);
    const [sessionId = ''] = probe.snapshots.keys();
    const held = [{ sessionId, fingerprint: 'f', remainingMs: 3_500_000, lifetimeMs: 3_600_000 }];
    nodes.join('node-a', recorder().stream, held);
    await clock.advance(1_000);
    expect(issued).toHaveLength(0);
    nodes.join('node-a', recorder().stream, []);
    await clock.advance(1_000);
    expect(issued).toHaveLength(1);
  });

  it.each([
    {
      what: 'the permit is revoked',
      change: ({ setNamespace }: ReturnType<typeof setup>) => {
        setNamespace('shop', { 'iam.amazonaws.com/permitted': 'other' });
      },
      said: ['session removed', 'a NamespaceDenied'],
    },
    {
      what: "the Pod's annotation goes",
      change: ({ setPod }: ReturnType<typeof setup>) => {
        setPod('a');
      },
      said: ['session removed', 'a NoRole'],
    },
    {
      what: 'the Pod goes',
      change: ({ removePod }: ReturnType<typeof setup>) => {
        removePod('a');
      },
      said: ['session removed', 'removed uid-a'],
    },
  ])(
    'A node is updated immediately when $what, and the session is dropped',
    async ({ change, said: last }) => {
      const world = setup();
      world.setNamespace('shop', PERMIT);
      world.setPod('a', { annotations: ROLE });
      const { stream, said, snapshots } = recorder();
      world.nodes.join('node-a', stream, []);
      await world.clock.advance(0);
      change(world);
      expect(said.slice(-2)).toEqual(last);
      expect([...snapshots.values()].map((current) => current())).toEqual([undefined]);
    },
  );

  it('A Pod whose Namespace is deleted is denied only after ten seconds', async () => {
    const { nodes, clock, setNamespace, removeNamespace, setPod } = setup();
    setNamespace('shop', PERMIT);
    setPod('a', { annotations: ROLE });
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    await clock.advance(0);
    removeNamespace('shop');
    await clock.advance(9_999);
    expect(said.at(-1)).toBe('a allow');
    await clock.advance(1);
    expect(said.slice(-2)).toEqual(['session removed', 'a NamespaceDenied']);
  });

  it('A Pod whose Namespace has not been seen is pending, and denied after ten seconds', async () => {
    const { nodes, clock, setPod, warnings } = setup();
    setPod('a', { annotations: ROLE });
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    await clock.advance(9_999);
    expect(said).toEqual(['a pending']);
    expect(warnings).toEqual([]);
    await clock.advance(1);
    expect(said).toEqual(['a pending', 'a NamespaceDenied']);
  });

  it('A pending Pod is decided as soon as its Namespace arrives', async () => {
    const { nodes, clock, setPod, setNamespace } = setup();
    setPod('a', { annotations: ROLE });
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    await clock.advance(5_000);
    setNamespace('shop', PERMIT);
    expect(said).toContain('a allow');
    await clock.advance(60_000);
    expect(said.filter((line) => line.startsWith('a '))).toEqual(['a pending', 'a allow']);
  });

  it('A Pod is pending until the role base ARN is detected', () => {
    const { nodes, base, decisions, setPod, setNamespace } = setup();
    base.arn = undefined;
    setNamespace('shop', PERMIT);
    setPod('a', { annotations: ROLE });
    const { stream, said } = recorder();
    nodes.join('node-a', stream, []);
    base.arn = 'arn:aws:iam::123456789012:role/';
    decisions.reconsider();
    expect(said.filter((line) => line.startsWith('a '))).toEqual(['a pending', 'a allow']);
  });

  it('The owner of an annotated Pod that is denied is warned once per decision', () => {
    const { nodes, setPod, setNamespace, warnings, counted } = setup();
    setNamespace('shop');
    setPod('a', { annotations: ROLE });
    setPod('quiet');
    nodes.join('node-a', recorder().stream, []);
    setPod('a', { annotations: ROLE, ips: ['198.18.0.1'] });
    expect(warnings).toEqual(['a NamespaceDenied']);
    expect(counted.sort()).toEqual(['NamespaceDenied', 'NoRole']);
  });

  it('The owners of Pods whose role STS refuses are warned', async () => {
    const { nodes, clock, sts, setPod, setNamespace, warnings } = setup();
    sts.fault = Object.assign(new Error('no'), { name: 'AccessDenied' });
    setNamespace('shop', PERMIT);
    setPod('a', { annotations: ROLE });
    nodes.join('node-a', recorder().stream, []);
    await clock.advance(0);
    expect(warnings).toEqual(['a StsAccessDenied']);
  });

  it('The sessions of a node whose stream broke are kept for a minute, then dropped', async () => {
    const { nodes, clock, issued, setPod, setNamespace } = setup();
    setNamespace('shop', PERMIT);
    setPod('a', { annotations: ROLE });
    const { stream, snapshots } = recorder();
    const leave = nodes.join('node-a', stream, []);
    await clock.advance(0);
    leave();
    await clock.advance(30_000);
    nodes.join('node-a', recorder().stream, [])();
    expect(issued).toHaveLength(1);
    await clock.advance(60_000);
    expect([...snapshots.values()].map((current) => current())).toEqual([undefined]);
  });

  it('An address resolves only to the live Pod of the asking node', () => {
    const { nodes, setPod, setNamespace } = setup();
    setNamespace('shop');
    setPod('gone', { ips: ['198.18.0.7'], ended: true });
    setPod('old', { ips: ['198.18.0.7'], terminating: true });
    setPod('new', { ips: ['198.18.0.7'] });
    setPod('foreign', { ips: ['198.18.0.8'], nodeName: 'node-b' });
    expect(nodes.resolve('node-a', '198.18.0.7')?.name).toBe('new');
    expect(nodes.resolve('node-a', '198.18.0.8')).toBeUndefined();
  });
});
