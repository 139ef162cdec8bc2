import { randomUUID } from 'node:crypto';
import { parseAllDocuments } from 'yaml';

/** The kinds that the stand-in serves. */
export const kubernetesKinds = [
  'Pod',
  'Namespace',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'Node',
  'DaemonSet',
] as const;
export type KubernetesKind = (typeof kubernetesKinds)[number];

/** True for objects without a Namespace. */
export function isClusterWide(kind: string): boolean {
  return kind === 'Namespace' || kind === 'Node';
}

/** An object as in a manifest. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: KubernetesMetadata;
  readonly [field: string]: unknown;
}

export interface KubernetesMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** An object as stored by the API server. */
export interface StoredObject extends KubernetesObject {
  readonly kind: KubernetesKind;
  readonly metadata: KubernetesMetadata & { readonly uid: string; readonly resourceVersion: string };
}

/**
 * Completes a manifest like the API server: defaults, and what is kept from the replaced object (uid, creation time,
 * status). It has no resourceVersion yet.
 */
export function admit(
  object: KubernetesObject,
  former: StoredObject | undefined,
  nowMs: number,
): KubernetesObject {
  const kind = kubernetesKinds.find((known) => known === object.kind);
  if (kind === undefined) throw new Error(`the stand-in does not serve ${object.kind}`);
  const { name, namespace, uid, ...metadata } = object.metadata;
  if (former !== undefined && uid !== undefined && uid !== former.metadata.uid) {
    throw new Error(`Conflict: ${kind} ${name} has another uid`);
  }
  const creationTimestamp =
    former?.metadata['creationTimestamp'] ?? `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const common = {
    ...object,
    kind,
    apiVersion: 'v1',
    metadata: {
      name,
      ...(isClusterWide(kind) ? {} : { namespace: namespace ?? 'default' }),
      uid: former?.metadata.uid ?? uid ?? randomUUID(),
      creationTimestamp,
      ...metadata,
      managedFields: managedFields(object),
    },
    ...((object['status'] ?? former?.['status']) ? { status: object['status'] ?? former?.['status'] } : {}),
  };
  return { ...common, ...DEFAULTS[kind](common) };
}

/** JSON merge patch (RFC 7386). */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const DEFAULTS: Record<KubernetesKind, (object: KubernetesObject) => object> = {
  Pod: ({ spec, status }) => {
    const account = (isRecord(spec) ? spec['serviceAccountName'] : undefined) ?? 'default';
    return {
      spec: {
        containers: [{ name: 'main', image: 'busybox', resources: {}, imagePullPolicy: 'IfNotPresent' }],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
        enableServiceLinks: true,
        ...(isRecord(spec) ? spec : {}),
        serviceAccountName: account,
        serviceAccount: account,
      },
      status: { phase: 'Pending', qosClass: 'BestEffort', ...(isRecord(status) ? status : {}) },
    };
  },
  Namespace: ({ metadata, spec, status }) => ({
    metadata: {
      ...metadata,
      labels: {
        'kubernetes.io/metadata.name': metadata.name,
        ...(isRecord(metadata['labels']) ? metadata['labels'] : {}),
      },
    },
    spec: { finalizers: ['kubernetes'], ...(isRecord(spec) ? spec : {}) },
    status: { phase: 'Active', ...(isRecord(status) ? status : {}) },
  }),
  ServiceAccount: () => ({}),
  Secret: ({ type = 'Opaque' }) => ({ type }),
  ConfigMap: () => ({}),
  Node: () => ({}),
  DaemonSet: () => ({ apiVersion: 'apps/v1' }),
};

/** Unused here, but the larger half of many real objects. */
function managedFields({ metadata }: KubernetesObject): unknown[] {
  const annotations = Object.keys(metadata.annotations ?? {}).map((key) => [`f:${key}`, {}] as const);
  return [
    {
      manager: 'kubectl-client-side-apply',
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': { 'f:annotations': { '.': {}, ...Object.fromEntries(annotations) } } },
    },
  ];
}

/** The objects of a manifest file, including those of a `kind: List`. */
export function readManifests(yaml: string): KubernetesObject[] {
  return [...parseAllDocuments(yaml)].flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return objectsIn(document.toJS());
  });
}

function objectsIn(document: unknown): KubernetesObject[] {
  if (document === null || document === undefined) return [];
  if (!isRecord(document)) throw new Error('a document of the manifests is not an object');
  if (Array.isArray(document['items'])) return document['items'].flatMap(objectsIn);
  if (typeof document['kind'] !== 'string' || !isRecord(document['metadata'])) {
    throw new Error('an object of the manifests has no kind or no metadata');
  }
  return [document as KubernetesObject];
}
