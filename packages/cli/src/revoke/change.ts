import { onOneLine } from '@rolegate/runtime';
import { quoted } from '../output/shell.ts';

/** New values of annotations; null removes one. */
export type AnnotationPatch = Readonly<Record<string, string | null>>;

/** A change of one object's annotations. */
export interface Change {
  readonly kind: 'namespace' | 'pod';
  /** Of a Pod; undefined: the object is a Namespace. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
  /** The change is made only to this version of the object. */
  readonly resourceVersion: string;
  /** The present values; undefined: there is none. */
  readonly was: Readonly<Record<string, string | undefined>>;
  readonly set: AnnotationPatch;
}

/** For example `Pod shop/cart-0`. */
export function nameOf({ kind, namespace, name }: Pick<Change, 'kind' | 'namespace' | 'name'>): string {
  return kind === 'pod' ? `Pod ${namespace ?? ''}/${name}` : `Namespace ${name}`;
}

/** An annotation's value as it is, untrimmed. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What somebody with the rights can run instead. */
export function commandOf(change: Change): string {
  return annotateCommand(change, change.set, change.resourceVersion);
}

/** Restores the present values. */
export function undoCommandOf(change: Change): string {
  const former = Object.keys(change.set).map((key) => [key, change.was[key] ?? null] as const);
  return annotateCommand(change, Object.fromEntries(former));
}

/** Values that a terminal would obey or show differently are left to an editor. */
function annotateCommand(
  { kind, namespace, name }: Change,
  annotations: AnnotationPatch,
  resourceVersion?: string,
): string {
  const where = namespace === undefined ? 'kubectl' : `kubectl -n ${namespace}`;
  const words = Object.entries(annotations).map(([key, value]) =>
    value === null ? `${key}-` : `${key}=${value}`,
  );
  if (words.some((word) => onOneLine(word) !== word)) return `${where} edit ${kind} ${name}`;
  const version = resourceVersion === undefined ? [] : [`--resource-version=${resourceVersion}`];
  return [where, 'annotate --overwrite', ...version, kind, name, ...words.map(quoted)].join(' ');
}
