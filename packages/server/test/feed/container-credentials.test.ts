import { describe, expect, it } from 'vitest';
import type { AgentReport } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createIssuerKey } from '@rolegate/testing';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import type { KnownKeys } from '../../src/issuer-keys/known-keys.ts';
import { fakeCall } from './call-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { feedDeps } from './feed-deps.ts';
import { createPeersStandIn } from './peers-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const DENY = { 'rolegate.dev/metadata': 'deny' };
const SERVES: AgentReport = { servesContainerCredentials: true };
const MINUTE_MS = 60_000;

const keysOf = (...ids: string[]): KnownKeys => ({
  issuers: ['https://kubernetes.example'],
  keys: ids.map((id) => ({ id, publicKey: createIssuerKey().publicKey })),
});

function setup() {
  const cluster = createClusterStandIn();
  const warnings: string[] = [];
  const nodes = createNodes({
    ...cluster,
    warn: ({ name }, reason) => warnings.push(`${name} ${reason}`),
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  cluster.servingNodes.onChange(nodes.reconsider);
  const listeners = new Set<() => void>();
  const keys = { current: undefined as KnownKeys | undefined };
  const service = createFeedService({
    ...feedDeps(cluster),
    ...createPeersStandIn({ ...cluster, log: silentLog }),
    nodes,
    issuerKeys: {
      current: () => keys.current,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  cluster.setServiceAccount('shop', 'default');
  cluster.setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app' });

  function open(report: AgentReport = {}) {
    const call = fakeCall('node-a');
    service.handlers.Feed(call as never);
    call.report(report);
    /** Of the Pod with this name, each time it was sent. */
    const decisions = (name: string) =>
      call.written.flatMap(({ pod }) =>
        pod?.name === name ? [pod.allow ? 'allow' : (pod.deny?.reason ?? 'pending')] : [],
      );
    const sentKeys = () =>
      call.written.flatMap(({ issuerKeys }) => (issuerKeys ? [issuerKeys.keys?.map(({ id }) => id)] : []));
    const close = () => call.emit('end');
    return { call, written: call.written, kinds: call.kinds, decisions, sentKeys, close };
  }

  function learn(next: KnownKeys) {
    keys.current = next;
    for (const listener of listeners) listener();
  }

  return { ...cluster, warnings, open, learn, listeners };
}

describe('A host-network Pod', () => {
  it('It is decided as others are if its agent serves container credentials, and its session is issued', async () => {
    const { open, setPod, clock, issued, warnings } = setup();
    setPod('csi', { hostNetwork: true, annotations: ROLE });
    const agent = open(SERVES);
    await clock.advance(0);
    expect(agent.decisions('csi')).toEqual(['allow']);
    expect(agent.written.find(({ pod }) => pod)?.pod).toMatchObject({ hostNetwork: true });
    expect(issued).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it('It is HostNetwork for an agent that does not report anything, as those of 0.2, with an Event', async () => {
    const { open, setPod, clock, issued, warnings } = setup();
    setPod('csi', { hostNetwork: true, annotations: ROLE });
    const agent = open();
    await clock.advance(0);
    expect(agent.decisions('csi')).toEqual(['HostNetwork']);
    expect(warnings).toEqual(['csi HostNetwork']);
    expect(issued).toEqual([]);
  });

  it('It is decided again at once when the agent begins to serve, and a minute after it has ceased', async () => {
    const { open, setPod, clock, warnings } = setup();
    setPod('csi', { hostNetwork: true, annotations: ROLE });
    setPod('app', { annotations: ROLE });
    const agent = open();
    agent.call.report({ servesContainerCredentials: true });
    expect(agent.decisions('csi')).toEqual(['HostNetwork', 'allow']);
    agent.call.report({ servesContainerCredentials: false });
    await clock.advance(MINUTE_MS - 1);
    expect(agent.decisions('csi')).toHaveLength(2);
    await clock.advance(1);
    expect(agent.decisions('csi')).toEqual(['HostNetwork', 'allow', 'HostNetwork']);
    expect(agent.kinds().at(-1)).toBe('pod');
    expect(agent.decisions('app')).toEqual(['allow']);
    expect(warnings).toEqual(['csi HostNetwork', 'csi HostNetwork']);
  });

  it('A report without the field changes nothing', async () => {
    const { open, setPod, clock } = setup();
    setPod('csi', { hostNetwork: true, annotations: ROLE });
    const agent = open(SERVES);
    agent.call.report();
    await clock.advance(2 * MINUTE_MS);
    expect(agent.decisions('csi')).toEqual(['allow']);
  });

  it('Nothing changes if the agent restarts within a minute', async () => {
    const { open, setPod, clock, warnings } = setup();
    setPod('csi', { hostNetwork: true, annotations: ROLE });
    open(SERVES).close();
    await clock.advance(MINUTE_MS / 2);
    const restarted = open(SERVES);
    await clock.advance(2 * MINUTE_MS);
    expect(restarted.decisions('csi')).toEqual(['allow']);
    expect(warnings).toEqual([]);
  });

  it('It keeps its decision while an upgrade has two agents, of which one serves', async () => {
    const { open, setPod, clock, warnings } = setup();
    setPod('csi', { hostNetwork: true, annotations: ROLE });
    const old = open(SERVES);
    const next = open();
    expect(next.decisions('csi')).toEqual(['allow']);
    old.close();
    await clock.advance(MINUTE_MS / 2);
    next.call.report(SERVES);
    await clock.advance(2 * MINUTE_MS);
    expect(next.decisions('csi')).toEqual(['allow']);
    expect(warnings).toEqual([]);
  });

  it('Another node is not concerned', () => {
    const { open, setPod, servingNodes } = setup();
    setPod('csi', { hostNetwork: true, annotations: ROLE });
    servingNodes.join('node-b', true);
    expect(open().decisions('csi')).toEqual(['HostNetwork']);
  });
});

describe('A Pod with metadata: deny', () => {
  it.each([
    { whose: 'the Pod', pod: DENY, namespace: {} },
    { whose: 'the Namespace', pod: {}, namespace: DENY },
  ])(
    'If $whose says so, the metadata API stays closed, and the decision is made for container credentials',
    ({ pod, namespace }) => {
      const { open, setPod, setNamespace } = setup();
      setNamespace('shop', { 'iam.amazonaws.com/permitted': 'app', ...namespace });
      setPod('app', { annotations: { ...ROLE, ...pod } });
      const agent = open();
      expect(agent.decisions('app')).toEqual(['MetadataDenied']);
      agent.call.report(SERVES);
      expect(agent.decisions('app')).toEqual(['MetadataDenied', 'allow']);
      const states = agent.written.flatMap((update) => (update.pod ? [update.pod] : []));
      expect(states.map(({ metadata }) => metadata?.denied)).toEqual([true, true]);
      // Otherwise an agent would keep the former decision while this one is pending.
      expect(states[0]?.inputs).not.toEqual(states[1]?.inputs);
    },
  );
});

describe('Digests of inputs', () => {
  it('They differ only for Pods with another decision, so that all others keep theirs while objects are unseen', () => {
    const { setPod, decisions, servingNodes } = setup();
    const inputs = (name: string, more: object) => decisions.decide(setPod(name, more)).inputs;
    const before = [inputs('app', { annotations: ROLE }), inputs('csi', { hostNetwork: true })];
    servingNodes.join('node-a', true);
    const after = [inputs('app', { annotations: ROLE }), inputs('csi', { hostNetwork: true })];
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });
});

describe('The keys of ServiceAccount tokens in the feed', () => {
  it('An agent that serves gets them before synced, and again when they have changed', () => {
    const { open, learn } = setup();
    learn(keysOf('one'));
    const agent = open(SERVES);
    expect(agent.kinds()).toEqual(['hello', 'tokenKeys', 'issuerKeys', 'synced']);
    learn(keysOf('one', 'two'));
    expect(agent.sentKeys()).toEqual([['one'], ['one', 'two']]);
  });

  it('They follow later if they have not been read yet, or if the agent begins to serve later', () => {
    const { open, learn } = setup();
    const [serves, later] = [open(SERVES), open()];
    expect(serves.kinds()).toEqual(['hello', 'tokenKeys', 'synced']);
    learn(keysOf('one'));
    expect(serves.sentKeys()).toEqual([['one']]);
    expect(later.sentKeys()).toEqual([]);
    later.call.report(SERVES);
    expect(later.sentKeys()).toEqual([['one']]);
  });

  it('An agent that does not serve gets none', () => {
    const { open, learn } = setup();
    learn(keysOf('one'));
    const agent = open();
    learn(keysOf('two'));
    expect(agent.sentKeys()).toEqual([]);
  });

  it('Nothing is sent twice, and nothing to a stream that has ended', () => {
    const { open, learn, listeners } = setup();
    learn(keysOf('one'));
    const agent = open(SERVES);
    agent.call.report({ servesContainerCredentials: false });
    agent.call.report(SERVES);
    expect(agent.sentKeys()).toEqual([['one']]);
    agent.close();
    expect(listeners.size).toBe(0);
  });
});
