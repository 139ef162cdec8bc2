import { valueOf } from '../answers/answer.ts';
import type { V1Container, V1EnvVar, V1Pod } from '../answers/objects.ts';
import type { Imported } from './evidence.ts';

/** By name. */
export type Variables = ReadonlyMap<string, V1EnvVar>;

/** An object whose keys a container imports as variables. */
export interface Import {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly prefix: string;
}

/** Without ephemeral ones, which someone has added to look around. */
export function containersOf({ spec }: V1Pod): readonly V1Container[] {
  return spec === undefined ? [] : [...spec.containers, ...(spec.initContainers ?? [])];
}

/** Of two variables of one name, the last one counts, and those of `env` count more than imported ones. */
export function variablesOf(container: V1Container, imported: Imported): Variables {
  const ofObjects = importsOf(container).flatMap((one) =>
    (valueOf(imported[keyOf(one)]) ?? []).map((key) => importedVariable(one, key)),
  );
  return new Map([...ofObjects, ...(container.env ?? [])].map((variable) => [variable.name, variable]));
}

function importedVariable({ kind, name, prefix }: Import, key: string): V1EnvVar {
  const from = { name, key };
  return {
    name: `${prefix}${key}`,
    valueFrom: kind === 'Secret' ? { secretKeyRef: from } : { configMapKeyRef: from },
  };
}

/** The objects that the Pod's variables are imported from. */
export function importedBy(pod: V1Pod): readonly Pick<Import, 'kind' | 'name'>[] {
  return containersOf(pod).flatMap(importsOf);
}

/** Only those that can have variables of the SDKs: a prefix may make other names. */
export function importsOf({ envFrom = [] }: V1Container): readonly Import[] {
  return envFrom.flatMap(({ secretRef, configMapRef, prefix = '' }) => {
    const name = (secretRef ?? configMapRef)?.name;
    if (name === undefined || !('AWS_'.startsWith(prefix) || prefix.startsWith('AWS_'))) return [];
    return [{ kind: secretRef === undefined ? 'ConfigMap' : 'Secret', name, prefix }];
  });
}

/** The key in `Imported`, and the name for people. */
export function keyOf({ kind, name }: Pick<Import, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** SDKs treat an empty variable as absent. */
export function isSet({ value, valueFrom }: V1EnvVar): boolean {
  return valueFrom !== undefined || (value !== undefined && value !== '');
}

/** False if the object that it comes from need not exist. */
export function isThere({ valueFrom }: V1EnvVar): boolean {
  const from = valueFrom?.secretKeyRef ?? valueFrom?.configMapKeyRef;
  return from?.optional !== true;
}

/** The name of a variable and of the object that it comes from. */
export function origin({ name, valueFrom }: V1EnvVar): string {
  const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
  if (secretKeyRef !== undefined) return `${name} from Secret ${secretKeyRef.name ?? ''}`;
  if (configMapKeyRef !== undefined) return `${name} from ConfigMap ${configMapKeyRef.name ?? ''}`;
  return name;
}
