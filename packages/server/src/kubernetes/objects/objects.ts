import { canonicalIp, record, textOf } from '@rolegate/runtime';
import { annotationKeys, limitBytesOf, withinLimit } from '../../annotations/annotations.ts';
import type { AnnotationValue } from '../../annotations/annotations.ts';
import type { Names } from './names.ts';
import { CONFIG_HASH, MIRROR } from './shapes.ts';
import type { Kind } from './shapes.ts';

export type Annotations = Readonly<Record<string, AnnotationValue>>;

/** What every kept object has. */
export interface ApiObject {
  readonly uid: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** Those of DESIGN.md 4.1 for the kind. */
  readonly annotations: Annotations;
}

/** Which object it is; '' for what could not be read. */
export interface Identity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A Pod, cut to the fields used. */
export interface Pod extends ApiObject {
  readonly namespace: string;
  /** '' until it is bound. */
  readonly nodeName: string;
  readonly serviceAccount: string;
  /** Canonical: see canonicalIp. */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  /** Phase Succeeded or Failed. */
  readonly ended: boolean;
  /** It has a deletionTimestamp: still served. */
  readonly terminating: boolean;
  readonly staticPod: boolean;
  /** The UID that the runtime knows a static Pod by; '' for others. */
  readonly runtimeUid: string;
  /** The name of the DaemonSet (apps) that controls it; '' for others. */
  readonly daemonSet: string;
}

export type Namespace = ApiObject;

/** Of a node only that it is there. */
export type ClusterNode = ApiObject;

export interface ServiceAccount extends ApiObject {
  readonly namespace: string;
}

/** An object that cannot be kept comes as what is wrong with it. Cutting never throws. */
export type Cut<T> = { readonly object: T } | { readonly fault: string };

/** `hold` has the one copy of a name; of what is cut, each of `namesOfPod` is held once. */
export function cutPod(raw: unknown, hold: Names['hold'] = asItIs): Cut<Pod> {
  const { metadata, spec, status } = record(raw);
  const common = cutCommon('Pod', metadata);
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
      namespace: hold(namespace),
      nodeName: hold(textOf(nodeName)),
      serviceAccount: hold(textOf(serviceAccountName) || 'default'),
      ips: cutIps(podIP, podIPs),
      hostNetwork: hostNetwork === true,
      ended: phase === 'Succeeded' || phase === 'Failed',
      terminating: textOf(record(metadata)['deletionTimestamp']) !== '',
      staticPod,
      runtimeUid: staticPod ? textOf(all[CONFIG_HASH]) : '',
      daemonSet: hold(cutDaemonSet(record(metadata)['ownerReferences'])),
    },
  };
}

export function namesOfPod({ namespace, nodeName, serviceAccount, daemonSet }: Pod): readonly string[] {
  return [namespace, nodeName, serviceAccount, daemonSet];
}

export function cutNamespace(raw: unknown): Cut<Namespace> {
  return cutCommon('Namespace', record(raw)['metadata']);
}

export function cutNode(raw: unknown): Cut<ClusterNode> {
  return cutCommon('Node', record(raw)['metadata']);
}

/** The name of its Namespace is held once. */
export function cutServiceAccount(raw: unknown, hold: Names['hold'] = asItIs): Cut<ServiceAccount> {
  const { metadata } = record(raw);
  const common = cutCommon('ServiceAccount', metadata);
  if ('fault' in common) return common;
  const namespace = textOf(record(metadata)['namespace']);
  if (namespace === '') return { fault: 'it has no namespace' };
  return { object: { ...common.object, namespace: hold(namespace) } };
}

/** As much as there is of it. */
export function identityOf(raw: unknown): Identity {
  const { namespace, name, uid } = record(record(raw)['metadata']);
  return { namespace: textOf(namespace), name: textOf(name), uid: textOf(uid) };
}

function cutCommon(kind: Kind, metadata: unknown): Cut<ApiObject> {
  const { uid, name, resourceVersion, annotations } = record(metadata);
  if (textOf(uid) === '') return { fault: 'it has no uid' };
  if (textOf(name) === '') return { fault: 'it has no name' };
  if (textOf(resourceVersion) === '') return { fault: 'it has no resourceVersion' };
  return {
    object: {
      uid: textOf(uid),
      name: textOf(name),
      resourceVersion: textOf(resourceVersion),
      annotations: cutAnnotations(annotationKeys[kind], annotations),
    },
  };
}

export const NO_ANNOTATIONS: Annotations = Object.freeze({});

function cutAnnotations(keys: readonly string[], annotations: unknown): Annotations {
  const all = record(annotations);
  const kept = keys.flatMap((key) => {
    const value = valueOf(key, all[key]);
    return value === undefined ? [] : [[key, value] as const];
  });
  return kept.length === 0 ? NO_ANNOTATIONS : Object.fromEntries(kept);
}

/** A value beyond its limit comes as its length: see json/shape.ts. */
function valueOf(key: string, value: unknown): AnnotationValue | undefined {
  if (typeof value === 'string') return withinLimit(key, value);
  const { tooLong } = record(value);
  return typeof tooLong === 'number' ? { tooLongBytes: tooLong, limitBytes: limitBytesOf(key) } : undefined;
}

/** Of the owners one at most is the controller (k8s.io/apimachinery, meta/v1 OwnerReference). */
function cutDaemonSet(owners: unknown): string {
  const listed: unknown[] = Array.isArray(owners) ? owners : [];
  const { apiVersion, kind, name } = record(listed.find((owner) => record(owner)['controller'] === true));
  return kind === 'DaemonSet' && textOf(apiVersion).startsWith('apps/') ? textOf(name) : '';
}

const NO_IPS: readonly string[] = Object.freeze([]);

function cutIps(podIP: unknown, podIPs: unknown): readonly string[] {
  const listed = Array.isArray(podIPs) ? podIPs.map((entry) => record(entry)['ip']) : [];
  const ips = [...listed, podIP].flatMap((ip) => canonicalIp(textOf(ip)) ?? []);
  return ips.length === 0 ? NO_IPS : [...new Set(ips)];
}

function asItIs(name: string): string {
  return name;
}
