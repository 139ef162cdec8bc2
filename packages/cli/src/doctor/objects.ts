import type { V1DaemonSet, V1Namespace, V1Node, V1Pod } from '../answers/objects.ts';
import { valueOf } from '../answers/answer.ts';
import type { Answer } from '../answers/answer.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Right } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { listPages } from '../cluster/pages.ts';
import { record, textOf } from '@rolegate/runtime';
import { formerOfDaemonSet, formerOfPod } from './checks/leftovers.ts';
import { clusterFault } from './cluster-fault.ts';
import { isAgent, isServer } from './cluster.ts';
import { schedulingLabels } from './scheduling.ts';
import { smallDaemonSet, smallNamespace, smallNode, smallPod } from './small-objects.ts';

const SYSTEM = 'kube-system';
/** Of kubeadm, and of EKS. */
const PROXY_CONFIGS = ['kube-proxy', 'kube-proxy-config'];
/** The most that is kept of kube-proxy's configuration. Characters. */
const LONGEST_CONFIG = 64 * 1024;

export interface Reading {
  readonly connection: Connection;
  /** Only what is about this node; undefined: about all. */
  readonly node: string | undefined;
  readonly signal: AbortSignal;
}

/** Reads what the checks need of the API server's objects, page by page. What cannot be read is a fault. */
export async function readObjects(reading: Reading, namespaces: readonly string[]) {
  const daemonSets = await attempt(listDaemonSets(reading));
  const agentSets = (valueOf(daemonSets) ?? []).filter(isAgent);
  const ofAgents = new Set([...namespaces, ...agentSets.map(({ metadata }) => metadata?.namespace ?? '')]);
  const [nodes, pods, systemPods, found, kubeProxyConfig] = await Promise.all([
    attempt(listNodes(reading, schedulingLabels(agentSets))),
    attempt(together(namespaces.map((namespace) => listPods(reading, namespace)))),
    attempt(namespaces.includes(SYSTEM) ? Promise.resolve([]) : listPods(reading, SYSTEM)),
    attempt(together([...ofAgents].map((name) => readNamespace(reading, name)))),
    attempt(readProxyConfig(reading)),
  ]);
  return { nodes, daemonSets, pods, systemPods, namespaces: found, kubeProxyConfig };
}

/** Its ClusterError becomes a fault. */
async function attempt<T>(reading: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await reading };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { fault: clusterFault(error) };
  }
}

async function together<T>(readings: readonly Promise<readonly T[]>[]): Promise<readonly T[]> {
  return (await Promise.all(readings)).flat();
}

interface Kind<T> {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly right: Right;
  /** Undefined: no check needs it. */
  readonly keep: (object: T) => T | undefined;
}

/** Objects are by name, because some come twice if the list expires on the way. */
async function listAll<T extends Pick<V1Pod, 'metadata'>>(
  { connection, signal }: Reading,
  { keep, ...request }: Kind<T>,
): Promise<readonly T[]> {
  const kept = new Map<string, T>();
  try {
    for await (const { items } of listPages(connection, { ...request, signal }))
      for (const item of items) {
        const small = keep(record(item) as unknown as T);
        const { namespace = '', name = '' } = small?.metadata ?? {};
        if (small !== undefined) kept.set(`${namespace}/${name}`, small);
      }
  } catch (error) {
    // An API server that does not have the kind has no objects of it.
    if (!isNotFound(error)) throw error;
  }
  return [...kept.values()];
}

function listNodes(reading: Reading, labels: ReadonlySet<string>): Promise<readonly V1Node[]> {
  const { node } = reading;
  return listAll<V1Node>(reading, {
    path: '/api/v1/nodes',
    ...(node !== undefined && { query: { fieldSelector: `metadata.name=${node}` } }),
    right: { verb: 'list', resource: 'nodes' },
    keep: (object) => smallNode(object, labels),
  });
}

function listDaemonSets(reading: Reading): Promise<readonly V1DaemonSet[]> {
  return listAll<V1DaemonSet>(reading, {
    path: '/apis/apps/v1/daemonsets',
    right: { verb: 'list', resource: 'daemonsets.apps' },
    keep: (object) =>
      isAgent(object) || formerOfDaemonSet(object) !== undefined ? smallDaemonSet(object) : undefined,
  });
}

function listPods(reading: Reading, namespace: string): Promise<readonly V1Pod[]> {
  const { node } = reading;
  // Where agents are, a Pod without a node may be meant for this one.
  const query = node !== undefined && namespace === SYSTEM ? { fieldSelector: `spec.nodeName=${node}` } : {};
  return listAll<V1Pod>(reading, {
    path: `/api/v1/namespaces/${namespace}/pods`,
    query,
    right: { verb: 'list', resource: 'pods', namespace },
    keep(pod) {
      if (isServer(pod)) return smallPod(pod);
      const isThere = node === undefined || [undefined, node].includes(pod.spec?.nodeName);
      return isThere && isNeeded(pod) ? smallPod(pod) : undefined;
    },
  });
}

function isNeeded(pod: V1Pod): boolean {
  return (
    isAgent(pod) ||
    formerOfPod(pod) !== undefined ||
    pod.metadata?.labels?.['k8s-app'] === 'kube-proxy' ||
    hasUser(pod)
  );
}

/** A Pod on the host network with a user that could be the agent's. */
function hasUser({ spec }: V1Pod): boolean {
  const contexts = [spec?.securityContext, ...(spec?.containers ?? []).map((each) => each.securityContext)];
  return spec?.hostNetwork === true && contexts.some((context) => (context?.runAsUser ?? 0) > 0);
}

async function readNamespace(
  { connection, signal }: Reading,
  namespace: string,
): Promise<readonly V1Namespace[]> {
  const right: Right = { verb: 'get', resource: 'namespaces' };
  const answer = await orUndefined(
    connection.json({ path: `/api/v1/namespaces/${namespace}`, right, signal }),
  );
  // It may have vanished meanwhile.
  return answer === undefined ? [] : [smallNamespace(record(answer))];
}

async function readProxyConfig({ connection, signal }: Reading): Promise<string | undefined> {
  const right: Right = { verb: 'get', resource: 'configmaps', namespace: SYSTEM };
  for (const name of PROXY_CONFIGS) {
    const path = `/api/v1/namespaces/${SYSTEM}/configmaps/${name}`;
    const answer = await orUndefined(connection.json({ path, right, signal }));
    const texts = Object.values(record(record(answer)['data'])).map(textOf);
    if (answer !== undefined) return texts.join('\n').slice(0, LONGEST_CONFIG);
  }
  return undefined;
}

/** Undefined if it does not exist. */
async function orUndefined(reading: Promise<unknown>): Promise<unknown> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof ClusterError && error.fault === 'not found';
}
