import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createAgentPods } from '../../src/identity/agent-pods.ts';
import type { ClusterNode } from '../../src/kubernetes/objects/objects.ts';
import { createStore } from '../../src/kubernetes/objects/store.ts';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';

const DAY_MS = 86_400_000;

function setup() {
  const cluster = createClusterStandIn();
  const nodes = createStore<ClusterNode>({ keyOf: ({ name }) => name, log: silentLog });
  const agentPods = createAgentPods({ ...cluster, nodes });
  const node = (uid = 'n') => ({ uid, name: 'node-a', resourceVersion: '1', annotations: {} });
  const fault = (podUid?: string, name = 'node-a') => {
    const refusal = agentPods.fault({ node: name, podUid });
    return refusal && `${refusal.reason}: ${refusal.message}`;
  };
  return { ...cluster, agentPods, nodes, node, fault };
}

describe('Agent Pods', () => {
  it('An identity is valid while its Pod is alive on its node, even if the Pod is terminating', () => {
    const { setPod, fault } = setup();
    setPod('agent', { daemonSet: 'agents' });
    expect(fault('uid-agent')).toBeUndefined();
    setPod('agent', { daemonSet: 'agents', terminating: true });
    expect(fault('uid-agent')).toBeUndefined();
  });

  it('An identity ends 45 s after its Pod was deleted, even if something keeps the Pod and its status changes', async () => {
    const { setPod, fault, clock, agentPods } = setup();
    let told = 0;
    setPod('agent', { daemonSet: 'agents' });
    const end = agentPods.watch({ node: 'node-a', podUid: 'uid-agent' }, () => (told += 1));
    setPod('agent', { daemonSet: 'agents', terminating: true });
    await clock.advance(30_000);
    setPod('agent', { daemonSet: 'agents', terminating: true, ips: ['198.18.0.1'] });
    await clock.advance(14_999);
    expect([fault('uid-agent'), told]).toEqual([undefined, 2]);
    await clock.advance(1);
    expect(fault('uid-agent')).toMatch(/^ForeignNode: .*was deleted over 45 s ago and still exists/);
    expect(told).toBe(3);
    end();
    await clock.advance(60_000);
    expect(told).toBe(3);
  });

  it.each([
    { what: 'has ended', more: { ended: true }, says: /^ForeignNode: .*has ended/ },
    {
      what: 'is elsewhere',
      more: { nodeName: 'node-b' },
      says: /^ForeignNode: .* is on node node-b, not on node-a/,
    },
    { what: 'is on no node', more: { nodeName: '' }, says: /^ForeignNode: / },
  ])('An identity is refused if its Pod $what', ({ more, says }) => {
    const { setPod, fault } = setup();
    setPod('agent', { daemonSet: 'agents', ...more });
    expect(fault('uid-agent')).toMatch(says);
  });

  it('An identity ends with its Node, and a new Node of that name does not revive it once its Pod is gone', () => {
    const { setPod, removePod, nodes, node, fault } = setup();
    nodes.set(node('n-1'));
    setPod('agent', { daemonSet: 'agents' });
    nodes.remove(node('n-1'));
    expect(fault('uid-agent')).toMatch(/^ForeignNode: node node-a has been removed/);
    nodes.set(node('n-2'));
    removePod('agent');
    expect(fault('uid-agent')).toMatch(/^ForeignNode: .*does not exist any more/);
    setPod('next', { daemonSet: 'agents' });
    expect(fault('uid-next')).toBeUndefined();
  });

  it('An identity whose Pod the watch has not reported yet is ServerUnavailable for ten seconds, then ForeignNode', async () => {
    const { fault, clock, setPod } = setup();
    expect(fault('uid-agent')).toMatch(/^ServerUnavailable: this server has not seen/);
    await clock.advance(9_999);
    expect(fault('uid-agent')).toMatch(/^ServerUnavailable/);
    await clock.advance(1);
    expect(fault('uid-agent')).toMatch(/^ForeignNode: .*does not exist any more/);
    setPod('agent');
    expect(fault('uid-agent')).toBeUndefined();
  });

  it('An identity whose Pod the watch saw deleted is refused immediately', () => {
    const { setPod, removePod, fault } = setup();
    setPod('agent', { daemonSet: 'agents' });
    removePod('agent');
    expect(fault('uid-agent')).toMatch(/^ForeignNode/);
  });

  it('An identity without a Pod is valid until its node is removed, and again once there is a new one', () => {
    const { nodes, node, fault } = setup();
    expect(fault()).toBeUndefined();
    nodes.set(node());
    nodes.remove({ ...node(), resourceVersion: '2' });
    expect(fault()).toMatch(/^ForeignNode: node node-a has been removed/);
    expect(fault(undefined, 'node-b')).toBeUndefined();
    nodes.set({ ...node('other'), resourceVersion: '3' });
    expect(fault()).toBeUndefined();
  });

  it('An identity without a Pod is refused until 90 days after its node was removed or it was last tried', async () => {
    const { nodes, node, fault, clock, memory } = setup();
    nodes.set(node());
    nodes.remove({ ...node(), resourceVersion: '2' });
    for (let month = 0; month < 12; month++) {
      await clock.advance(30 * DAY_MS);
      expect(fault()).toMatch(/has been removed/);
    }
    expect(memory.sizes()).toMatchObject({ gone_nodes: 1 });
    await clock.advance(90 * DAY_MS);
    expect(memory.sizes()).toMatchObject({ gone_nodes: 0 });
  });

  it('A deleted agent Pod stays known though another Namespace deletes thousands of Pods that look like agents', () => {
    const { setPod, removePod, podStore, fault, memory } = setup();
    setPod('agent', { namespace: 'rolegate', daemonSet: 'agents' });
    removePod('agent');
    for (let made = 0; made < 6_000; made++)
      podStore.remove(setPod('made', { uid: `made-${made}`, daemonSet: 'agents' }));
    expect(fault('uid-agent')).toMatch(/^ForeignNode/);
    expect(memory.sizes()).toMatchObject({ missing_agent_pods: 5_000 });
  });

  it('A watch on an identity is notified about its Pod and its node until the watch ends', () => {
    const { agentPods, setPod, removePod, nodes, node } = setup();
    let told = 0;
    const end = agentPods.watch({ node: 'node-a', podUid: 'uid-agent' }, () => (told += 1));
    setPod('other');
    expect(told).toBe(0);
    setPod('agent');
    removePod('agent');
    nodes.set(node());
    expect(told).toBe(3);
    end();
    setPod('agent');
    nodes.remove({ ...node(), resourceVersion: '2' });
    expect(told).toBe(3);
  });
});
