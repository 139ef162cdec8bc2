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

/** The objects of a rendering, empty documents left out; throws where it is no YAML. */
export function objectsOf(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** Of a Pod, and of what makes Pods. */
function podSpecOf(object: KubernetesObject): PodSpec | undefined {
  if (object.kind === 'Pod') return object['spec'] as PodSpec;
  const { template } = (object['spec'] ?? {}) as { template?: { spec?: PodSpec } };
  return template?.spec;
}

export function containersOf(object: KubernetesObject): readonly Container[] {
  const spec = podSpecOf(object);
  return spec === undefined ? [] : [...(spec.initContainers ?? []), ...spec.containers];
}

/** The user of each container; undefined: the image's own. */
export function usersOf(
  object: KubernetesObject,
): readonly (readonly [name: string, user: number | undefined])[] {
  const user = podSpecOf(object)?.securityContext?.runAsUser;
  return containersOf(object).map(({ name, securityContext }) => [name, securityContext?.runAsUser ?? user]);
}

/** Of the Pods that it makes; undefined where it makes none. A change of one restarts them all. */
export function templateLabelsOf(object: KubernetesObject): Readonly<Record<string, string>> | undefined {
  const { template } = (object['spec'] ?? {}) as { template?: Pick<KubernetesObject, 'metadata'> };
  return template?.metadata.labels;
}
