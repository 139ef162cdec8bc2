import { annotationKeys, limitBytesOf } from '../../annotations/annotations.ts';
import { object, scalar } from '../json/shape.ts';
import type { Shape } from '../json/shape.ts';

/** Names, UIDs and addresses: the API server allows at most 253 characters. Bytes. */
const NAME = scalar(253);
/** The continue token of a page: an etcd key and a few more bytes in base64. Bytes. */
const TOKEN = scalar(16 * 1024);
/** The message of a Status. Bytes. */
const MESSAGE = scalar(4 * 1024);

/** Set by the kubelet on the Pod that mirrors a static one (k8s.io/kubernetes, pkg/kubelet/types: constants). */
export const MIRROR = 'kubernetes.io/config.mirror';
/** The UID by which the kubelet and the runtime know that static Pod. */
export const CONFIG_HASH = 'kubernetes.io/config.hash';
/** Ends the objects of a streaming list (Kubernetes API concepts, "Streaming lists"). */
export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

export type Kind = keyof typeof annotationKeys;

const METADATA = { name: NAME, namespace: NAME, uid: NAME, resourceVersion: NAME };

const POD = {
  spec: object({ nodeName: NAME, serviceAccountName: NAME, hostNetwork: NAME }),
  status: object({ phase: NAME, podIP: NAME, podIPs: { each: object({ ip: NAME }) } }),
};

const OWNERS = { each: object({ apiVersion: NAME, kind: NAME, name: NAME, controller: NAME }) };

/** The needed fields of an object of the kind. `more`: further annotations. */
function objectMembers(kind: Kind, more: Readonly<Record<string, Shape>> = {}) {
  const annotations = Object.fromEntries(annotationKeys[kind].map((key) => [key, scalar(limitBytesOf(key))]));
  if (kind !== 'Pod')
    return { metadata: object({ ...METADATA, annotations: object({ ...annotations, ...more }) }) };
  const ofPod = { ...annotations, [MIRROR]: NAME, [CONFIG_HASH]: NAME, ...more };
  const metadata = {
    ...METADATA,
    deletionTimestamp: NAME,
    ownerReferences: OWNERS,
    annotations: object(ofPod),
  };
  return { metadata: object(metadata), ...POD };
}

/** An event of a watch: an object of the kind, a bookmark or a Status. */
export function eventShape(kind: Kind): Shape {
  const status = { message: MESSAGE, reason: NAME, code: NAME, details: object({ retryAfterSeconds: NAME }) };
  const members = objectMembers(kind, { [INITIAL_EVENTS_END]: NAME });
  return object({ type: NAME, object: object({ ...members, ...status }) });
}

/** A page of a list, whose items are passed on one by one. */
export function pageShape(kind: Kind): Shape {
  const metadata = object({ resourceVersion: NAME, continue: TOKEN });
  return object({ metadata, items: { each: object(objectMembers(kind)), oneByOne: true } });
}
