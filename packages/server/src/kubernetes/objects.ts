import { canonicalIp } from '@rolegate/runtime';

/** Annotations of other prefixes are not kept. */
const KEPT_PREFIXES = ['iam.amazonaws.com/', 'rolegate.dev/'];

/** Set by the kubelet on the Pod that mirrors a static one (k8s.io/kubernetes, pkg/kubelet/types: constants). */
const MIRROR = 'kubernetes.io/config.mirror';
/** The UID by which the kubelet and the runtime know that static Pod. */
const CONFIG_HASH = 'kubernetes.io/config.hash';

/** The names kept are so many different ones at most; then they are forgotten, which costs memory only. */
const MAX_INTERNED = 50_000;

/** What every kept object has. */
export interface ApiObject {
  readonly uid: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** Only those under iam.amazonaws.com/ and rolegate.dev/. */
  readonly annotations: Readonly<Record<string, string>>;
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

export function cutPod(raw: unknown): Cut<Pod> {
  const { metadata, spec, status } = record(raw);
  const common = cutCommon(metadata);
  if ('fault' in common) return common;
  const all = record(record(metadata)['annotations']);
  const staticPod = Object.hasOwn(all, MIRROR);
  const { phase, podIP, podIPs } = record(status);
  const { nodeName, serviceAccountName, hostNetwork } = record(spec);
  const namespace = text(record(metadata)['namespace']);
  if (namespace === '') return { fault: 'it has no namespace' };
  return {
    object: {
      ...common.object,
      namespace: intern(namespace),
      nodeName: intern(text(nodeName)),
      serviceAccount: intern(text(serviceAccountName) || 'default'),
      ips: cutIps(podIP, podIPs),
      hostNetwork: hostNetwork === true,
      ended: phase === 'Succeeded' || phase === 'Failed',
      terminating: text(record(metadata)['deletionTimestamp']) !== '',
      staticPod,
      runtimeUid: staticPod ? text(all[CONFIG_HASH]) : '',
      daemonSet: cutDaemonSet(record(metadata)['ownerReferences']),
    },
  };
}

export function cutNamespace(raw: unknown): Cut<Namespace> {
  return cutCommon(record(raw)['metadata']);
}

export function cutNode(raw: unknown): Cut<ClusterNode> {
  return cutCommon(record(raw)['metadata']);
}

export function cutServiceAccount(raw: unknown): Cut<ServiceAccount> {
  const { metadata } = record(raw);
  const common = cutCommon(metadata);
  if ('fault' in common) return common;
  const namespace = text(record(metadata)['namespace']);
  if (namespace === '') return { fault: 'it has no namespace' };
  return { object: { ...common.object, namespace: intern(namespace) } };
}

function cutCommon(metadata: unknown): Cut<ApiObject> {
  const { uid, name, resourceVersion, annotations } = record(metadata);
  if (text(uid) === '') return { fault: 'it has no uid' };
  if (text(name) === '') return { fault: 'it has no name' };
  if (text(resourceVersion) === '') return { fault: 'it has no resourceVersion' };
  return {
    object: {
      uid: text(uid),
      name: text(name),
      resourceVersion: text(resourceVersion),
      annotations: cutAnnotations(annotations),
    },
  };
}

const NO_ANNOTATIONS: Readonly<Record<string, string>> = Object.freeze({});

function cutAnnotations(annotations: unknown): Readonly<Record<string, string>> {
  const kept = Object.entries(record(annotations)).flatMap(([key, value]) =>
    KEPT_PREFIXES.some((prefix) => key.startsWith(prefix)) && typeof value === 'string'
      ? [[intern(key), value] as const]
      : [],
  );
  return kept.length === 0 ? NO_ANNOTATIONS : Object.fromEntries(kept);
}

/** Of the owners one at most is the controller (k8s.io/apimachinery, meta/v1 OwnerReference). */
function cutDaemonSet(owners: unknown): string {
  const listed: unknown[] = Array.isArray(owners) ? owners : [];
  const { apiVersion, kind, name } = record(listed.find((owner) => record(owner)['controller'] === true));
  return kind === 'DaemonSet' && text(apiVersion).startsWith('apps/') ? intern(text(name)) : '';
}

const NO_IPS: readonly string[] = Object.freeze([]);

function cutIps(podIP: unknown, podIPs: unknown): readonly string[] {
  const listed = Array.isArray(podIPs) ? podIPs.map((entry) => record(entry)['ip']) : [];
  const ips = [...listed, podIP].flatMap((ip) => canonicalIp(text(ip)) ?? []);
  return ips.length === 0 ? NO_IPS : [...new Set(ips)];
}

const interned = new Map<string, string>();

/** One copy of a name that thousands of objects share. */
function intern(name: string): string {
  const known = interned.get(name);
  if (known !== undefined) return known;
  if (interned.size >= MAX_INTERNED) interned.clear();
  interned.set(name, name);
  return name;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
