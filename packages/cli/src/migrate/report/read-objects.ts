import { annotation } from '@rolegate/server';
import { record, textOf } from '@rolegate/runtime';
import type { AnnotationKeys } from '../old-rules/old-system.ts';
import type { Annotations } from './judge.ts';
import { picked, podFacts, templateFacts, templateKinds } from './pod-facts.ts';
import type { PodFacts, TemplateKind } from './pod-facts.ts';

/** The kinds of object that are read. */
export type Listed = 'namespaces' | 'serviceaccounts' | 'pods' | 'nodes' | 'daemonsets' | TemplateKind;

/** Calls `each` with every object of a kind. */
export type ListAll = (kind: Listed, each: (item: unknown) => void) => Promise<void>;

/** The annotation of a ServiceAccount by which EKS gives its Pods a role (IRSA). */
export const WEB_IDENTITY_ROLE = 'eks.amazonaws.com/role-arn';

/** The label of Namespaces by which Rolegate gives their Pods a token for container credentials. */
export const CREDENTIALS_LABEL = 'rolegate.dev/credentials';

/** An annotation can have 256 KiB; lists of up to 64 kB count. Characters. */
const LONGEST_RULE = 65_537;

/** The annotations of each Namespace that one of the two systems reads. */
export async function readNamespaces(
  list: ListAll,
  keys: AnnotationKeys,
): Promise<ReadonlyMap<string, Annotations>> {
  const read = [
    annotation.permitted,
    annotation.allowedRoles,
    annotation.defaultRole,
    annotation.metadata,
    annotation.permittedExternalIds,
    annotation.permittedSessionTags,
    keys.permits,
  ];
  const found = new Map<string, Annotations>();
  await list('namespaces', (item) => {
    const { name, annotations } = record(record(item)['metadata']);
    found.set(textOf(name), bounded(picked(record(annotations), read)));
  });
  return found;
}

/** The names of Namespaces whose Pods get a token for container credentials. */
export async function readTokenNamespaces(list: ListAll): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  await list('namespaces', (item) => {
    const { name, labels } = record(record(item)['metadata']);
    if (record(labels)[CREDENTIALS_LABEL] === 'token') found.add(textOf(name));
  });
  return found;
}

/** The annotations of ServiceAccounts that have a role, by NAMESPACE/NAME. */
export async function readServiceAccounts(list: ListAll): Promise<ReadonlyMap<string, Annotations>> {
  const found = new Map<string, Annotations>();
  await list('serviceaccounts', (item) => {
    const { name, namespace, annotations } = record(record(item)['metadata']);
    const own = bounded(picked(record(annotations), [annotation.role, WEB_IDENTITY_ROLE]));
    if (Object.keys(own).length > 0) found.set(`${textOf(namespace)}/${textOf(name)}`, own);
  });
  return found;
}

/** Calls `each` once for every Pod, and for every workload that has none now but will. Returns how many there are. */
export async function readPods(
  list: ListAll,
  keys: AnnotationKeys,
  each: (pod: PodFacts) => void,
): Promise<number> {
  const seen = new Set<string>();
  const add = (pod: PodFacts | undefined) => {
    // A list that expires on the way begins again.
    if (pod === undefined || seen.has(pod.uid)) return;
    seen.add(pod.uid);
    each(pod);
  };
  await list('pods', (item) => {
    add(podFacts(item, keys));
  });
  for (const kind of templateKinds)
    await list(kind, (item) => {
      add(templateFacts(kind, item, keys));
    });
  return seen.size;
}

/** The names of nodes by their EC2 instance. */
export async function readNodes(list: ListAll): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  await list('nodes', (item) => {
    const { metadata, spec } = record(item);
    const instance = textOf(record(spec)['providerID']).split('/').at(-1) ?? '';
    found.set(instance, textOf(record(metadata)['name']));
  });
  return found;
}

function bounded(annotations: Annotations): Annotations {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [key, value.slice(0, LONGEST_RULE)]),
  );
}
