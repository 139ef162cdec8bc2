import { valueOf } from '../answers/answer.ts';
import type { Answer } from '../answers/answer.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Cluster as Access } from '../cluster/cluster.ts';
import { findRolegatePods } from '../cluster/find-rolegate-pods.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import { clusterFault } from './cluster-fault.ts';
import { createAgentLines } from './agent-lines.ts';
import { fullName, isTerminating } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { readObjects } from './objects.ts';
import { readPrograms } from './programs.ts';

export interface GatherRequest extends Pick<Access, 'connection' | 'exec'> {
  /** In which Rolegate runs; undefined: it is looked for. */
  readonly namespace: string | undefined;
  /** Undefined: all nodes. */
  readonly node: string | undefined;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
  readonly progress: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Reads all that the checks need. Rejects only if the API server does not answer at all. */
export async function gather(request: GatherRequest): Promise<Cluster> {
  const { connection, exec, namespace, node, signal, progress } = request;
  progress('looking for agents and servers');
  const found = await findPods(request);
  const rolegatePods = valueOf(found) ?? [];
  const namespaces = new Set(rolegatePods.map((pod) => pod.namespace));
  if (namespace !== undefined) namespaces.add(namespace);
  progress('reading nodes, DaemonSets and Pods');
  const objects = await readObjects({ connection, node, signal }, [...namespaces]);
  const stopping = new Set((valueOf(objects.pods) ?? []).filter(isTerminating).map(fullName));
  const programs = await readPrograms({
    pods: rolegatePods.filter(
      (pod) =>
        (node === undefined || pod.component === 'server' || pod.node === node) &&
        !stopping.has(`${pod.namespace}/${pod.name}`),
    ),
    nodes: valueOf(objects.nodes),
    lines: createAgentLines(connection, signal),
    exec,
    signal,
    progress,
  });
  const cluster = { ...objects, ...programs, atMs: request.now() };
  return 'fault' in found ? { ...cluster, pods: found, status: found } : cluster;
}

async function findPods({
  connection,
  namespace,
  signal,
  note,
}: GatherRequest): Promise<Answer<readonly RolegatePod[]>> {
  try {
    const { pods } = await findRolegatePods(connection, { namespace, signal, note });
    return { value: pods };
  } catch (error) {
    if (!(error instanceof ClusterError) || error.fault !== 'forbidden') throw error;
    return { fault: clusterFault(error) };
  }
}
