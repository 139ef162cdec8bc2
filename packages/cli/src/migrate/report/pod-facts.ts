import { annotation } from '@rolegate/server';
import { record, textOf } from '@rolegate/runtime';
import type { AnnotationKeys } from '../old-rules/old-system.ts';

/** What a report needs of a Pod, or of the Pods that a workload will make. */
export interface PodFacts {
  readonly namespace: string;
  /** `cronjob/NAME`, `deployment/NAME` or `statefulset/NAME` for a workload without Pods. */
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
  /** The label `app.kubernetes.io/version`; '' if it has none. */
  readonly version: string;
}

/** Set on the mirror of a static Pod. */
const MIRROR = 'kubernetes.io/config.mirror';
const VERSION = 'app.kubernetes.io/version';
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
  const { name, namespace, uid } = record(metadata);
  const { nodeName } = record(spec);
  const own = {
    name: textOf(name),
    namespace: textOf(namespace),
    uid: textOf(uid),
    node: textOf(nodeName),
    ip: textOf(record(status)['podIP']),
  };
  return factsOf(own, { metadata, spec }, keys);
}

/** Kinds of object with a template of Pods that may not exist now. */
export const templateKinds = ['cronjobs', 'deployments', 'statefulsets'] as const;
export type TemplateKind = (typeof templateKinds)[number];

/** The Pods that a CronJob, or a workload that is scaled to zero, will make; undefined if it has Pods. */
export function templateFacts(kind: TemplateKind, item: unknown, keys: AnnotationKeys): PodFacts | undefined {
  const { metadata, spec } = record(item);
  const { name, namespace, uid } = record(metadata);
  const { jobTemplate, replicas } = record(spec);
  if (kind !== 'cronjobs' && replicas !== 0) return undefined;
  const { template } = kind === 'cronjobs' ? record(record(jobTemplate)['spec']) : record(spec);
  const own = {
    name: textOf(name) && `${kind.slice(0, -1)}/${textOf(name)}`,
    namespace: textOf(namespace),
    uid: textOf(uid),
    node: '',
    ip: '',
  };
  return factsOf(own, record(template), keys);
}

type Own = Pick<PodFacts, 'name' | 'namespace' | 'uid' | 'node' | 'ip'>;

function factsOf(
  own: Own,
  { metadata, spec }: Record<string, unknown>,
  keys: AnnotationKeys,
): PodFacts | undefined {
  if (own.name === '' || own.namespace === '') return undefined;
  const { annotations: all, labels } = record(metadata);
  const { serviceAccountName, hostNetwork, containers } = record(spec);
  const annotations = record(all);
  return {
    ...own,
    serviceAccount: textOf(serviceAccountName) || 'default',
    annotations: picked(annotations, [...READ, keys.role, keys.externalId]),
    hostNetwork: hostNetwork === true,
    staticPod: typeof annotations[MIRROR] === 'string',
    images: Array.isArray(containers) ? containers.map((each) => textOf(record(each)['image'])) : [],
    version: textOf(record(labels)[VERSION]),
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
