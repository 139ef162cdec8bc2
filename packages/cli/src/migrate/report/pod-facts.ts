import { annotation } from '@rolegate/server';
import { record, textOf } from '@rolegate/runtime';
import type { AnnotationKeys } from '../old-rules/old-system.ts';

/** What a report needs of a Pod, or of the Pods that a CronJob will make. */
export interface PodFacts {
  readonly namespace: string;
  /** `cronjob/NAME` for a CronJob. */
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
  readonly node: string;
  readonly ip: string;
  /** Only those that one of the two systems reads. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  readonly staticPod: boolean;
  /** Of its containers, without init containers. */
  readonly images: readonly string[];
}

/** Set on the mirror of a static Pod. */
const MIRROR = 'kubernetes.io/config.mirror';
const READ = [
  annotation.role,
  annotation.sessionName,
  annotation.externalId,
  annotation.metadata,
  annotation.sessionTags,
];

/** Undefined if it is no Pod. */
export function podFacts(item: unknown, keys: AnnotationKeys): PodFacts | undefined {
  const { metadata, spec, status } = record(item);
  const { nodeName } = record(spec);
  const ip = textOf(record(status)['podIP']);
  return factsOf(record(metadata), record(spec), { prefix: '', node: textOf(nodeName), ip, keys });
}

/** The Pods that a CronJob will make; undefined if it is no CronJob. */
export function cronJobFacts(item: unknown, keys: AnnotationKeys): PodFacts | undefined {
  const { metadata, spec } = record(item);
  const { name, namespace, uid } = record(metadata);
  const template = record(record(record(record(spec)['jobTemplate'])['spec'])['template']);
  const { annotations } = record(template['metadata']);
  const rest = { prefix: 'cronjob/', node: '', ip: '', keys };
  return factsOf({ name, namespace, uid, annotations }, record(template['spec']), rest);
}

interface Rest {
  readonly prefix: string;
  readonly node: string;
  readonly ip: string;
  readonly keys: AnnotationKeys;
}

function factsOf(
  metadata: Record<string, unknown>,
  spec: Record<string, unknown>,
  { prefix, node, ip, keys }: Rest,
): PodFacts | undefined {
  const name = textOf(metadata['name']);
  const namespace = textOf(metadata['namespace']);
  if (name === '' || namespace === '') return undefined;
  const annotations = record(metadata['annotations']);
  const { containers } = spec;
  return {
    namespace,
    name: `${prefix}${name}`,
    uid: textOf(metadata['uid']),
    serviceAccount: textOf(spec['serviceAccountName']) || 'default',
    node,
    ip,
    annotations: picked(annotations, [...READ, keys.role, keys.externalId]),
    hostNetwork: spec['hostNetwork'] === true,
    staticPod: typeof annotations[MIRROR] === 'string',
    images: Array.isArray(containers) ? containers.map((each) => textOf(record(each)['image'])) : [],
  };
}

/** The annotations of these keys that are texts. */
export function picked(
  annotations: Record<string, unknown>,
  keys: readonly string[],
): Readonly<Record<string, string>> {
  const found = keys.flatMap((key): [string, string][] => {
    const value = annotations[key];
    return typeof value === 'string' ? [[key, value]] : [];
  });
  return Object.fromEntries(found);
}
