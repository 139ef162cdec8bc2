import type { KubernetesObject } from '@rolegate/testing';
import { nodeAddress, nodeName, podObject, podUid } from '../cluster-objects.ts';
import type { ScaleSize } from './size.ts';

/** The workloads of the Namespaces whose Pods are counted in `permitPods` and `rolloutPods`. */
const PERMIT_WORKLOADS = 20;
const ROLLOUT_WORKLOAD = PERMIT_WORKLOADS;

/** All of a Deployment's Pods have its ServiceAccount and role. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: its Pods get no role. */
  readonly role: string | undefined;
}

export const PERMITTED = { 'iam.amazonaws.com/permitted': '.*' };
export const NOT_PERMITTED = { 'iam.amazonaws.com/permitted': 'none' };

export const NAMESPACE_OF_AGENTS = 'rolegate';

export const namespaceName = (index: number) => `team-${index}`;

function workload(index: number, size: ScaleSize): Workload {
  const named = index <= ROLLOUT_WORKLOAD || index % 3 > 0;
  return {
    namespace: namespaceName(namespaceOf(index, size)),
    name: `app-${index}`,
    role: named ? `app-${index}` : undefined,
  };
}

/** The first Namespace has the permit's workloads, the second the rollout's, the others the rest in turn. */
function namespaceOf(index: number, { namespaces }: ScaleSize): number {
  if (index < PERMIT_WORKLOADS) return 0;
  if (index === ROLLOUT_WORKLOAD) return 1;
  return 2 + (index % (namespaces - 2));
}

export function rolloutWorkload(size: ScaleSize): Workload {
  return workload(ROLLOUT_WORKLOAD, size);
}

/** One of the workloads that are neither the permit's nor the rollout's. */
export function otherWorkload(index: number, size: ScaleSize): Workload {
  const first = ROLLOUT_WORKLOAD + 1;
  return workload(first + (index % (size.workloads - first)), size);
}

/** The workload of the Pod that exists from the beginning. */
export function workloadOfPod(index: number, size: ScaleSize): Workload {
  const { permitPods, rolloutPods } = size;
  if (index < permitPods) return workload(index % PERMIT_WORKLOADS, size);
  if (index < permitPods + rolloutPods) return rolloutWorkload(size);
  return otherWorkload(index, size);
}

export function* scaleObjects(size: ScaleSize): Generator<KubernetesObject> {
  for (let index = 0; index < size.namespaces; index++)
    yield namespaceObject(namespaceName(index), PERMITTED);
  for (let index = 0; index < size.workloads; index++) {
    const { namespace, name } = workload(index, size);
    yield { kind: 'ServiceAccount', metadata: { namespace, name } };
  }
  for (let index = 0; index < size.nodes; index++) yield nodeObject(index, '2026-11-30T00:00:00Z');
  for (let index = 0; index < size.pods; index++)
    yield podOf({ index, size, workload: workloadOfPod(index, size), state: 'running' });
}

export function namespaceObject(
  name: string,
  annotations: Readonly<Record<string, string>>,
): KubernetesObject {
  return { kind: 'Namespace', metadata: { name, annotations } };
}

/** About 10 kB, half of which are the names of images. */
export function nodeObject(index: number, heartbeat: string): KubernetesObject {
  const conditions = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
    type,
    status: type === 'Ready' ? 'True' : 'False',
    lastHeartbeatTime: heartbeat,
    message: 'kubelet is posting ready status',
  }));
  return { kind: 'Node', metadata: { name: nodeName(index) }, status: { conditions, images: IMAGES } };
}

const IMAGES = Array.from({ length: 50 }, (_, n) => ({
  names: [
    `registry.example.com/team/app-${n}@sha256:${'0123456789abcdef'.repeat(4)}`,
    `registry.example.com/app-${n}:1`,
  ],
  sizeBytes: 100_000_000 + n,
}));

/** The Pod of the node's agent, on the host network. */
export function agentPod(index: number): KubernetesObject {
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'rolegate-agent', controller: true };
  const name = `rolegate-agent-${index}`;
  const ip = nodeAddress(index);
  return {
    kind: 'Pod',
    metadata: { namespace: NAMESPACE_OF_AGENTS, name, ownerReferences: [owner] },
    spec: { nodeName: nodeName(index), serviceAccountName: 'rolegate-agent', hostNetwork: true },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

/** `created`: not scheduled yet. `starting`: its containers are being created. */
export type PodState = 'created' | 'scheduled' | 'starting' | 'running' | 'terminating' | 'ended';

export interface ScalePod {
  readonly index: number;
  readonly size: ScaleSize;
  readonly workload: Workload;
  readonly state: PodState;
}

/** About 5.4 kB, like Pods of the other parts. */
export function podOf({
  index,
  size,
  workload: { namespace, name, role },
  state,
}: ScalePod): KubernetesObject {
  const base = podObject({ index, node: nodeOfPod(index, size), role: role ?? '' });
  const spec = { ...(base['spec'] as object), serviceAccountName: name };
  return {
    ...base,
    metadata: {
      ...base.metadata,
      namespace,
      ...(ENDING.has(state) && { deletionTimestamp: '2026-11-30T00:00:00Z' }),
    },
    spec: state === 'created' ? { ...spec, nodeName: '' } : spec,
    status: statusOf(index, state),
  };
}

const ENDING: ReadonlySet<PodState> = new Set(['terminating', 'ended']);

export const uidOfPod = podUid;

/** Spreads the Pods of each workload over all nodes. */
function nodeOfPod(index: number, { nodes }: ScaleSize): string {
  return nodeName((index * 7) % nodes);
}

function statusOf(index: number, state: PodState): object {
  const conditions = [{ type: 'PodScheduled', status: state === 'created' ? 'False' : 'True' }];
  if (state === 'created' || state === 'scheduled') return { phase: 'Pending', conditions };
  const reason = state === 'starting' ? 'ContainerCreating' : 'Running';
  const containerStatuses = [
    { name: 'app', ready: state === 'running', restartCount: 0, state: { waiting: { reason } } },
  ];
  if (state === 'starting') return { phase: 'Pending', conditions, containerStatuses };
  const ip = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  const phase = state === 'ended' ? 'Succeeded' : 'Running';
  return { phase, conditions, containerStatuses, podIP: ip, podIPs: [{ ip }] };
}
