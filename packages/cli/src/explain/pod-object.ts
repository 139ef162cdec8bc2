import type { V1Pod } from '../answers/objects.ts';
import { quoted } from '../output/shell.ts';

/** The object in which an annotation of the Pod is changed, so that it lasts. */
export interface Template {
  /** For kubectl, e.g. `deployment`. */
  readonly kind: string;
  readonly name: string;
}

/** Workloads that recreate their Pods from a template with annotations. */
const ROLLED_OUT = ['deployment', 'statefulset', 'daemonset'];

/** What made the Pod; the Pod itself if nothing did. */
export function templateOf(pod: V1Pod | undefined, name: string): Template {
  const { ownerReferences = [], labels = {} } = pod?.metadata ?? {};
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner === undefined) return { kind: 'pod', name };
  const hash = labels['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return { kind: 'deployment', name: owner.name.slice(0, -hash.length - 1) };
  return { kind: owner.kind.toLowerCase(), name: owner.name };
}

/** Opens what made the Pod in an editor. */
export function editTemplate(pod: V1Pod): string {
  const template = templateOf(pod, pod.metadata?.name ?? '');
  return `kubectl -n ${namespaceOf(pod)} edit ${quoted(template.kind)} ${quoted(template.name)}`;
}

/** Recreates the Pods from their template; empty if nothing would recreate them. */
export function recreate(pod: V1Pod): readonly string[] {
  const template = templateOf(pod, pod.metadata?.name ?? '');
  return ROLLED_OUT.includes(template.kind)
    ? [`kubectl -n ${namespaceOf(pod)} rollout restart ${template.kind} ${quoted(template.name)}`]
    : [];
}

/** Sets or (undefined) removes an annotation of the Pod where it lasts. */
export function annotatePod(
  namespace: string,
  { kind, name }: Template,
  [key, value]: readonly [key: string, value: string | undefined],
): string {
  if (!ROLLED_OUT.includes(kind)) {
    const set = value === undefined ? `${key}-` : `${key}=${value}`;
    return kind === 'pod'
      ? `kubectl -n ${namespace} annotate --overwrite pod ${name} ${quoted(set)}`
      : `kubectl -n ${namespace} edit ${quoted(kind)} ${quoted(name)}`;
  }
  const patch = { spec: { template: { metadata: { annotations: { [key]: value ?? null } } } } };
  return `kubectl -n ${namespace} patch ${kind} ${quoted(name)} --type=merge -p ${quoted(JSON.stringify(patch))}`;
}

export function namespaceOf({ metadata }: V1Pod): string {
  return metadata?.namespace ?? 'default';
}

export function accountOf({ spec }: V1Pod): string {
  return spec?.serviceAccountName ?? 'default';
}
