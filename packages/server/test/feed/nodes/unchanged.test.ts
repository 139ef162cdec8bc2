import { describe, expect, it } from 'vitest';
import type { PodState } from '@rolegate/protocol';
import { createNodes } from '../../../src/feed/nodes/nodes.ts';
import { createClusterStandIn } from '../cluster-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const PERMIT = { 'iam.amazonaws.com/permitted': 'app|other' };
const LONG_AGO_MS = 120_000;

/** A node with two Pods, joined long ago. */
async function setup() {
  const cluster = createClusterStandIn();
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  const said: PodState[] = [];
  const sessions: string[] = [];
  const stream = {
    pod: (state: PodState) => void said.push(state),
    podRemoved: () => undefined,
    session: (id: string) => void sessions.push(id),
    sessionRemoved: (id: string) => void sessions.push(`removed ${id}`),
  };
  cluster.setServiceAccount('shop', 'default');
  cluster.setNamespace('shop', PERMIT);
  cluster.setPod('a', { annotations: ROLE });
  cluster.setPod('b', { annotations: ROLE });
  nodes.join('node-a', stream, []);
  await cluster.clock.advance(LONG_AGO_MS);
  said.length = 0;
  sessions.length = 0;
  const made = cluster.decisions.made;
  return { ...cluster, nodes, stream, said, sessions, madeSince: () => cluster.decisions.made - made };
}

type World = Awaited<ReturnType<typeof setup>>;

describe('Changes that no decision reads', () => {
  it.each<{ what: string; change: (world: World) => void }>([
    { what: "a Pod's labels", change: ({ setPod }) => setPod('a', { annotations: ROLE }) },
    {
      what: "a Pod's foreign annotations",
      change: ({ setPod }) => setPod('a', { annotations: { ...ROLE, 'example.com/x': 'y' } }),
    },
    {
      what: 'annotations of Rolegate that a Pod cannot use',
      change: ({ setPod }) => setPod('a', { annotations: { ...ROLE, 'iam.amazonaws.com/permitted': '.*' } }),
    },
    {
      what: "a Namespace's labels",
      change: ({ setNamespace }) => {
        setNamespace('shop', PERMIT);
      },
    },
    {
      what: "a ServiceAccount's annotations, its role apart",
      change: ({ setServiceAccount }) => {
        setServiceAccount('shop', 'default', { 'iam.amazonaws.com/external-id': 'x' });
      },
    },
  ])('A change of $what runs no decision and sends nothing', async ({ change }) => {
    const world = await setup();
    for (let i = 0; i < 100; i++) change(world);
    expect(world.madeSince()).toBe(0);
    await world.clock.advance(LONG_AGO_MS);
    expect(world.madeSince()).toBe(0);
    expect(world.said).toEqual([]);
    expect(world.sessions).toEqual([]);
  });

  it('Nothing is sent if all Pods are considered again and nothing has changed', async () => {
    const { decisions, said, sessions } = await setup();
    decisions.reconsider();
    expect(said).toEqual([]);
    expect(sessions).toEqual([]);
  });
});

describe('Changes that agents are told', () => {
  it("A change of a Pod's addresses or phase is sent without another decision", async () => {
    const { setPod, said, madeSince } = await setup();
    setPod('a', { annotations: ROLE, ips: ['198.18.0.1'] });
    setPod('a', { annotations: ROLE, ips: ['198.18.0.1'], terminating: true });
    setPod('a', { annotations: ROLE, ips: ['198.18.0.1'], ended: true });
    expect(said.map(({ ips, terminating, ended }) => ({ ips, terminating, ended }))).toEqual([
      { ips: ['198.18.0.1'], terminating: false, ended: false },
      { ips: ['198.18.0.1'], terminating: true, ended: false },
      { ips: ['198.18.0.1'], terminating: false, ended: true },
    ]);
    expect(madeSince()).toBe(0);
  });
});

describe('Changes that decisions read', () => {
  it('A changed permit runs one decision per Pod, which is sent with the versions of Pod and Namespace', async () => {
    const { setPod, setNamespace, said, madeSince } = await setup();
    setPod('a', { annotations: ROLE });
    const { resourceVersion } = setPod('b', { annotations: ROLE });
    setNamespace('shop', { 'iam.amazonaws.com/permitted': 'other' });
    expect(madeSince()).toBe(2);
    expect(said.map(({ name, deny }) => `${String(name)} ${String(deny?.reason)}`)).toEqual([
      'a NamespaceDenied',
      'b NamespaceDenied',
    ]);
    const namespace = String(Number(resourceVersion) + 1);
    expect(said.at(-1)?.resourceVersions).toMatchObject({ pod: resourceVersion, namespace });
  });

  it('A change that was undone between two lists is sent, because another replica may know the state in between', async () => {
    const { listNamespaces, said, madeSince } = await setup();
    listNamespaces({ shop: PERMIT });
    expect(madeSince()).toBe(0);
    expect(said.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('Repeated decisions', () => {
  it('A decision is repeated with newer versions within a second, but not forever', async () => {
    const { clock, setPod, setNamespace, said } = await setup();
    setNamespace('shop', { 'iam.amazonaws.com/permitted': 'other' });
    said.length = 0;
    // An agent that has seen this version from another replica has refused the decision without it.
    const { resourceVersion } = setPod('a', { annotations: ROLE });
    await clock.advance(1_000);
    expect(said.map(({ name, resourceVersions }) => [name, resourceVersions?.pod])).toEqual([
      ['a', resourceVersion],
    ]);
    said.length = 0;
    for (let second = 1; second < 120; second++) {
      setPod('a', { annotations: ROLE });
      await clock.advance(1_000);
    }
    expect(said).toHaveLength(3);
  });

  it('The snapshot of a later stream has the newest versions', async () => {
    const { nodes, stream, setPod, said } = await setup();
    const { resourceVersion } = setPod('a', { annotations: ROLE });
    nodes.join('node-a', stream, []);
    expect(said.find(({ name }) => name === 'a')?.resourceVersions?.pod).toBe(resourceVersion);
  });
});
