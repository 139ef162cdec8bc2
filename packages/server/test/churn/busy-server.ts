import { silentLog } from '@rolegate/runtime';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import { createAgentPods } from '../../src/identity/agent-pods.ts';
import { createTokenProof } from '../../src/identity/token-proof.ts';
import { createForeignNodes } from '../../src/identity/foreign-nodes.ts';
import { createEventRecorder } from '../../src/kubernetes/pod-events.ts';
import type { ClusterNode, Pod } from '../../src/kubernetes/objects/objects.ts';
import { createStore } from '../../src/kubernetes/objects/store.ts';
import { createUnreadableLog } from '../../src/kubernetes/watch/unreadable-log.ts';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';

/** The number of objects created each minute, and deleted ten minutes later. */
export const EACH_MINUTE = { namespaces: 8, nodes: 1, sources: 30 } as const;
export const LIFE_MINUTES = 10;
/** Pods of each Namespace. */
export const PODS_EACH = 3;

const ROLE = 'iam.amazonaws.com/role';

/** All parts of a server that remember names, with inputs that the test controls. */
export function createBusyServer() {
  const cluster = createClusterStandIn();
  const { clock, memory, pods, sts } = cluster;
  const nodeStore = createStore<ClusterNode>({ keyOf: ({ name }) => name, log: silentLog });
  const connection = { request: () => Promise.reject(new Error('away')), close: () => undefined };
  const reporting = { component: 'rolegate-server', instance: 'server-0' };
  const limitHit = () => undefined;
  const events = createEventRecorder({ connection, clock, log: silentLog, limitHit, memory, ...reporting });
  const nodes = createNodes({
    ...cluster,
    warn: events.warn,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  const agentPods = createAgentPods({ ...cluster, nodes: nodeStore });
  const foreignNodes = createForeignNodes({
    clock,
    log: silentLog,
    metrics: { foreignNode: () => undefined },
    memory,
  });
  const { prove } = createTokenProof({
    review: (token) => Promise.resolve(reviewOf(token)),
    allowed: { serviceAccounts: ['rolegate/agents'], daemonSets: [] },
    podOf: (uid) => pods.get(uid),
    agentPods,
    clock,
    hit: () => undefined,
    memory,
  });
  const unreadable = createUnreadableLog({ kind: 'Pod', clock, log: silentLog, memory });
  const joined = new Map<string, () => void>();

  /** A node with an agent that attests and is connected while the node exists. */
  async function addNode(name: string): Promise<void> {
    nodeStore.set({ name, uid: name, resourceVersion: '1', annotations: {} });
    const agent = { namespace: 'rolegate', nodeName: name, serviceAccount: 'agents', daemonSet: 'agents' };
    cluster.setPod(`agent-${name}`, agent);
    await prove(`agent-${name}`, { address: name });
    joined.set(name, nodes.join(name, DEAF, []));
  }

  function removeNode(name: string): void {
    joined.get(name)?.();
    joined.delete(name);
    cluster.removePod(`agent-${name}`);
    nodeStore.remove({ name, uid: name, resourceVersion: '2', annotations: {} });
    agentPods.fault({ node: name });
  }

  /** A Namespace with one permitted Pod, one refused Pod, and one on a node that does not exist. */
  function addNamespace(name: string, at: number, node: string): readonly Pod[] {
    cluster.setNamespace(name, { 'iam.amazonaws.com/permitted': 'good-.*|bad-.*' });
    if (at % 3 > 0) cluster.setServiceAccount(name, 'default');
    const podOf = (which: string, role: string, nodeName: string) =>
      cluster.setPod(`${name}-${which}`, {
        namespace: name,
        nodeName,
        daemonSet: at % 4 === 0 ? name : '',
        annotations: { [ROLE]: role },
      });
    return [
      podOf('permitted', `${at % 2 === 0 ? 'good' : 'bad'}-${name}`, node),
      podOf('refused', 'other', node),
      podOf('nowhere', 'other', `made-up-${name}`),
    ];
  }

  function removeNamespace(name: string, gone: readonly Pod[]): void {
    // The Namespace is deleted first, so its Pods miss it for a moment.
    cluster.removeNamespace(name);
    cluster.removeServiceAccount(name, 'default');
    for (const pod of gone) cluster.podStore.remove(pod);
  }

  function strangersCall(from: number): void {
    for (let at = from; at < from + EACH_MINUTE.sources; at++) {
      const peer = `198.${18 + ((at >> 16) & 1)}.${(at >> 8) & 255}.${at & 255}`;
      prove(`made-up-${at}`, { address: peer }).catch(() => undefined);
      // A few cause more lines than are logged.
      for (let times = 0; times < (at % 10 === 0 ? 60 : 1); times++)
        foreignNodes.refuse('no token', { peer: `${peer}:1` });
      unreadable('it has no uid', `space-${at}/made-up/?`, `space-${at}`);
    }
  }

  return {
    clock,
    memory,
    sts,
    addNode,
    removeNode,
    addNamespace,
    removeNamespace,
    strangersCall,
    live: () => ({ pods: pods.size, nodes: nodeStore.size }),
  };
}

const DEAF = {
  pod: () => undefined,
  podRemoved: () => undefined,
  session: () => undefined,
  sessionRemoved: () => undefined,
};

/** The token is the name of the agent's Pod. */
function reviewOf(podName: string) {
  return {
    authenticated: podName.startsWith('agent-'),
    error: '',
    audiences: ['rolegate-server'],
    username: 'system:serviceaccount:rolegate:agents',
    podName,
    podUid: `uid-${podName}`,
    nodeName: podName.replace('agent-', ''),
  };
}
