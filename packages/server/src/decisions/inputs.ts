import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { annotationKeys } from '../annotations/annotations.ts';
import type { Namespace, Pod, ServiceAccount } from '../kubernetes/objects.ts';
import type { Annotations } from '../policy/annotation-text.ts';

/** What the policy reads of a Pod. */
const READ = ['uid', 'namespace', 'name', 'nodeName', 'serviceAccount', 'hostNetwork', 'staticPod'] as const;
/** What agents are told of a Pod besides. */
const TOLD = ['ips', 'ended', 'terminating', 'runtimeUid'] as const;

/** Of a digest, in base64url: 132 bits. Whoever writes an annotation can choose it. */
const DIGEST_CHARS = 22;

/** Whether two states of a Pod lead to the same decision. */
export function podReadsSame(a: Pod, b: Pod): boolean {
  return (
    READ.every((field) => a[field] === b[field]) && readSame(a.annotations, b.annotations, annotationKeys.Pod)
  );
}

/** Whether agents are told the same of two states of a Pod, its decision apart. */
export function podToldSame(a: Pod, b: Pod): boolean {
  return TOLD.every((field) => isDeepStrictEqual(a[field], b[field]));
}

export function namespaceReadsSame(a: Namespace, b: Namespace): boolean {
  return readSame(a.annotations, b.annotations, annotationKeys.Namespace);
}

export function serviceAccountReadsSame(a: ServiceAccount, b: ServiceAccount): boolean {
  return readSame(a.annotations, b.annotations, annotationKeys.ServiceAccount);
}

function readSame(a: Annotations, b: Annotations, keys: readonly string[]): boolean {
  return a === b || keys.every((key) => a[key] === b[key] || isDeepStrictEqual(a[key], b[key]));
}

/** Of what a decision reads of a Pod: the same in two servers, and before and after a restart. */
export function podDigest(pod: Pod): string {
  return digest([...READ.map((field) => pod[field]), ...textsOf(pod, annotationKeys.Pod)]);
}

export function namespaceDigest(namespace: Namespace): string {
  return digest(textsOf(namespace, annotationKeys.Namespace));
}

export function serviceAccountDigest(serviceAccount: ServiceAccount): string {
  return digest(textsOf(serviceAccount, annotationKeys.ServiceAccount));
}

function textsOf({ annotations }: { readonly annotations: Annotations }, keys: readonly string[]): unknown[] {
  return keys.map((key) => annotations[key] ?? null);
}

function digest(values: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(values), 'base64url').slice(0, DIGEST_CHARS);
}
