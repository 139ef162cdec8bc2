import { createHash } from 'node:crypto';
import type { KubernetesObject } from '@rolegate/testing';

export interface ClusterSize {
  readonly pods: number;
  readonly nodes: number;
  /** Pods use them in turn. Each is one session, because all Pods are in one Namespace. */
  readonly roles: number;
}

/** The only Namespace. It permits all roles. */
export const NAMESPACE = 'bench';

export const nodeName = (index: number) => `bench-node-${index}`;
export const roleName = (index: number) => `role-${index}`;

/** Stable, so that reconnecting agents find the same Pods. */
export function podUid(index: number): string {
  const hex = createHash('sha256').update(`pod ${index}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** In 127.0.0.0/8 too. */
export function nodeAddress(index: number): string {
  return `127.8.${Math.floor(index / 250)}.${(index % 250) + 2}`;
}

/** In 127.0.0.0/8, from which Linux connects without configuration. Never ends in .0 or .255. */
export function podIp(index: number): string {
  return `127.9.${Math.floor(index / 250)}.${(index % 250) + 2}`;
}

export function* clusterObjects({ pods, nodes, roles }: ClusterSize): Generator<KubernetesObject> {
  yield namespaceObject;
  for (let index = 0; index < pods; index++)
    yield podObject({ index, node: nodeName(index % nodes), role: roleName(index % roles) });
}

export const namespaceObject: KubernetesObject = {
  kind: 'Namespace',
  metadata: { name: NAMESPACE, annotations: { 'iam.amazonaws.com/permitted': '.*' } },
};

export interface PodPlace {
  readonly index: number;
  readonly node: string;
  readonly role: string;
  /** False: only scheduled. */
  readonly running?: boolean;
}

/** About 5.4 kB with managedFields, the size of a typical Pod of a Deployment. */
export function podObject({ index, node, role, running = true }: PodPlace): KubernetesObject {
  const ip = podIp(index);
  return {
    kind: 'Pod',
    metadata: {
      name: `app-${index}`,
      namespace: NAMESPACE,
      uid: podUid(index),
      annotations: { 'iam.amazonaws.com/role': role, 'example.com/padding': PADDING },
      labels: { app: 'app', 'pod-template-hash': '6d4cf56db6' },
    },
    spec: { nodeName: node, serviceAccountName: 'default', containers: [CONTAINER] },
    status: running ? { phase: 'Running', podIP: ip, podIPs: [{ ip }] } : { phase: 'Pending' },
  };
}

const CONTAINER = {
  name: 'app',
  image: 'registry.example.com/team/app:1.0.0',
  env: Array.from({ length: 20 }, (_, n) => ({ name: `SETTING_${n}`, value: `value of setting ${n}` })),
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
};

/** Text of the usual length of probes, volumes, conditions and managedFields. */
const PADDING = 'x'.repeat(2_900);
