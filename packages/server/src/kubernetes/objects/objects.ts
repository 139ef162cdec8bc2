import { canonicalIp, record, textOf } from '@rolegate/runtime';
import { annotationKeys, limitBytesOf, withinLimit } from '../../annotations/annotations.ts';
import type { AnnotationValue } from '../../annotations/annotations.ts';
import type { Names } from './names.ts';
import { CONFIG_HASH, MIRROR } from './shapes.ts';
import type { Kind } from './shapes.ts';

export type Annotations = Readonly<Record<string, AnnotationValue>>;

/** The fields of every stored object. */
export interface ApiObject {
  readonly uid: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** The annotations of DESIGN.md 4.1 for the kind. */
  readonly annotations: Annotations;
}

/** Identifies an object; '' for unreadable fields. */
export interface Identity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The used fields of a Pod. */
export interface Pod extends ApiObject {
  readonly namespace: string;
  /** '' until it is bound. */
  readonly nodeName: string;
  readonly serviceAccount: string;
  /** In canonical form, see canonicalIp. */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  /** Phase Succeeded or Failed. */
  readonly ended: boolean;
  /** It has a deletionTimestamp, and is still served. */
  readonly terminating: boolean;
  readonly staticPod: boolean;
  /** The UID by which the runtime knows a static Pod; '' for others. */
  readonly runtimeUid: string;
  /** The name of the DaemonSet (apps) that controls it; '' for others. */
  readonly daemonSet: string;
}

export type Namespace = ApiObject;

/** Only the existence of a node is used. */
export type ClusterNode = ApiObject;

export interface ServiceAccount extends ApiObject {
  readonly namespace: string;
}

/** The used fields of an object, or why it is invalid. Picking never throws. */
export type PickResult<T> = { readonly object: T } | { readonly fault: string };

/** Interns each of `namesOfPod` once. */
export function pickPod(raw: unknown, intern: Names['intern'] = asItIs): PickResult<Pod> {
  const { metadata, spec, status } = record(raw);
  const common = pickCommon('Pod', metadata);
  if ('fault' in common) return common;
  const all = record(record(metadata)['annotations']);
  const staticPod = Object.hasOwn(all, MIRROR);
  const { phase, podIP, podIPs } = record(status);
  const { nodeName, serviceAccountName, hostNetwork } = record(spec);
  const namespace = textOf(record(metadata)['namespace']);
  if (namespace === '') return { fault: 'it has no namespace' };
  return {
    object: {
      ...common.object,
      namespace: intern(namespace),
      nodeName: intern(textOf(nodeName)),
      serviceAccount: intern(textOf(serviceAccountName) || 'default'),
      ips: pickIps(podIP, podIPs),
      hostNetwork: hostNetwork === true,
      ended: phase === 'Succeeded' || phase === 'Failed',
      terminating: textOf(record(metadata)['deletionTimestamp']) !== '',
      staticPod,
      runtimeUid: staticPod ? textOf(all[CONFIG_HASH]) : '',
      daemonSet: intern(pickDaemonSet(record(metadata)['ownerReferences'])),
    },
  };
}

export function namesOfPod({ namespace, nodeName, serviceAccount, daemonSet }: Pod): readonly string[] {
  return [namespace, nodeName, serviceAccount, daemonSet];
}

export function pickNamespace(raw: unknown): PickResult<Namespace> {
  return pickCommon('Namespace', record(raw)['metadata']);
}

export function pickNode(raw: unknown): PickResult<ClusterNode> {
  return pickCommon('Node', record(raw)['metadata']);
}

/** Interns the name of its Namespace once. */
export function pickServiceAccount(
  raw: unknown,
  intern: Names['intern'] = asItIs,
): PickResult<ServiceAccount> {
  const { metadata } = record(raw);
  const common = pickCommon('ServiceAccount', metadata);
  if ('fault' in common) return common;
  const namespace = textOf(record(metadata)['namespace']);
  if (namespace === '') return { fault: 'it has no namespace' };
  return { object: { ...common.object, namespace: intern(namespace) } };
}

/** As far as it can be read. */
export function identityOf(raw: unknown): Identity {
  const { namespace, name, uid } = record(record(raw)['metadata']);
  return { namespace: textOf(namespace), name: textOf(name), uid: textOf(uid) };
}

function pickCommon(kind: Kind, metadata: unknown): PickResult<ApiObject> {
  const { uid, name, resourceVersion, annotations } = record(metadata);
  if (textOf(uid) === '') return { fault: 'it has no uid' };
  if (textOf(name) === '') return { fault: 'it has no name' };
  if (textOf(resourceVersion) === '') return { fault: 'it has no resourceVersion' };
  return {
    object: {
      uid: textOf(uid),
      name: textOf(name),
      resourceVersion: textOf(resourceVersion),
      annotations: pickAnnotations(annotationKeys[kind], annotations),
    },
  };
}

export const NO_ANNOTATIONS: Annotations = Object.freeze({});

function pickAnnotations(keys: readonly string[], annotations: unknown): Annotations {
  const all = record(annotations);
  const kept = keys.flatMap((key) => {
    const value = valueOf(key, all[key]);
    return value === undefined ? [] : [[key, value] as const];
  });
  return kept.length === 0 ? NO_ANNOTATIONS : Object.fromEntries(kept);
}

/** A value beyond its limit is given as its length, see json/shape.ts. */
function valueOf(key: string, value: unknown): AnnotationValue | undefined {
  if (typeof value === 'string') return withinLimit(key, value);
  const { tooLong } = record(value);
  return typeof tooLong === 'number' ? { tooLongBytes: tooLong, limitBytes: limitBytesOf(key) } : undefined;
}

/** At most one owner is the controller (k8s.io/apimachinery, meta/v1 OwnerReference). */
function pickDaemonSet(owners: unknown): string {
  const listed: unknown[] = Array.isArray(owners) ? owners : [];
  const { apiVersion, kind, name } = record(listed.find((owner) => record(owner)['controller'] === true));
  return kind === 'DaemonSet' && textOf(apiVersion).startsWith('apps/') ? textOf(name) : '';
}

const NO_IPS: readonly string[] = Object.freeze([]);

function pickIps(podIP: unknown, podIPs: unknown): readonly string[] {
  const listed = Array.isArray(podIPs) ? podIPs.map((entry) => record(entry)['ip']) : [];
  const ips = [...listed, podIP].flatMap((ip) => canonicalIp(textOf(ip)) ?? []);
  return ips.length === 0 ? NO_IPS : [...new Set(ips)];
}

function asItIs(name: string): string {
  return name;
}
