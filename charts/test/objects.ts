import { parseAllDocuments } from 'yaml';

export type Json = Readonly<Record<string, unknown>>;

export interface KubernetesObject extends Json {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface EnvVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVariable[];
  readonly securityContext?: SecurityContext;
}

interface SecurityContext {
  readonly runAsUser?: number;
}

interface PodSpec {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly securityContext?: SecurityContext;
}

/** The objects of a rendering without empty documents. Throws if it is not YAML. */
export function objectsOf(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** Containers of a Pod or of a Pod template. */
function podSpecOf(object: KubernetesObject): PodSpec | undefined {
  if (object.kind === 'Pod') return object['spec'] as PodSpec;
  const { template } = (object['spec'] ?? {}) as { template?: { spec?: PodSpec } };
  return template?.spec;
}

export function containersOf(object: KubernetesObject): readonly Container[] {
  const spec = podSpecOf(object);
  return spec === undefined ? [] : [...(spec.initContainers ?? []), ...spec.containers];
}

/** The user of each container; undefined for the image's default. */
export function usersOf(
  object: KubernetesObject,
): readonly (readonly [name: string, user: number | undefined])[] {
  const user = podSpecOf(object)?.securityContext?.runAsUser;
  return containersOf(object).map(({ name, securityContext }) => [name, securityContext?.runAsUser ?? user]);
}

/** Labels of a Pod, or of the Pods of a template; undefined if it has none. */
export function podLabelsOf(object: KubernetesObject): Readonly<Record<string, string>> | undefined {
  return object.kind === 'Pod' ? object.metadata.labels : templateLabelsOf(object);
}

/** Labels of the Pod template; undefined if there is none. Changing one restarts all Pods. */
export function templateLabelsOf(object: KubernetesObject): Readonly<Record<string, string>> | undefined {
  const { template } = (object['spec'] ?? {}) as { template?: Pick<KubernetesObject, 'metadata'> };
  return template?.metadata.labels;
}
