import { createHash } from 'node:crypto';
import type { KubernetesObject } from '@rolegate/testing';

export interface ClusterSize {
  readonly pods: number;
  readonly nodes: number;
  /** Pods take them in turn; each is a session, for all that are in one Namespace. */
  readonly roles: number;
}

/** The only Namespace; everything is permitted in it. */
export const NAMESPACE = 'bench';

export const nodeName = (index: number) => `bench-node-${index}`;
export const roleName = (index: number) => `role-${index}`;

/** The same in each run: who connects anew finds the same Pods. */
export function podUid(index: number): string {
  const hex = createHash('sha256').update(`pod ${index}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** Of 127.0.0.0/8 too. */
export function nodeAddress(index: number): string {
  return `127.8.${Math.floor(index / 250)}.${(index % 250) + 2}`;
}

/** Of 127.0.0.0/8, from all of which one can connect on Linux without asking; not of .0 and .255. */
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
  /** False: scheduled, and no more is known of it. */
  readonly running?: boolean;
}

/** Some 5.4 kB with its managedFields, as many a Pod of a Deployment has. */
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

/** In the place of probes, volumes, conditions and a managedFields of the usual length. */
const PADDING = 'x'.repeat(2_900);
