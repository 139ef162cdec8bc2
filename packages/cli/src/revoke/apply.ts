import { record } from '@rolegate/runtime';
import { ClusterError } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import type { ChangingConnection } from '../cluster/connection.ts';
import { nameOf } from './change.ts';
import type { Change } from './change.ts';

/** Changes of an object by others, such as its status, are no reason to give up; more than these are. */
const MOST_TRIES = 5;

export type Applied =
  | { readonly kind: 'applied' }
  /** What the change was planned for is not there any more: the annotation has changed, or the object is another. */
  | { readonly kind: 'changed'; readonly why: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly why: string; readonly forbidden: boolean };

/** Applies the change to the version that it was planned for, or to a newer one whose annotations are still the same. */
export async function applyChange(
  change: Change,
  { connection, signal }: { readonly connection: ChangingConnection; readonly signal: AbortSignal },
): Promise<Applied> {
  const path = pathOf(change);
  let { resourceVersion } = change;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    try {
      const body = { metadata: { resourceVersion, annotations: change.set } };
      await connection.patch({ path, right: rightOf('patch', change), signal, body });
      return { kind: 'applied' };
    } catch (error) {
      const outcome = outcomeOf(error, signal);
      if (outcome !== 'conflict') return outcome;
    }
    try {
      const { metadata } = record(await connection.json({ path, right: rightOf('get', change), signal }));
      const now = record(metadata);
      const why = differenceOf(change, now);
      if (why !== undefined) return { kind: 'changed', why };
      resourceVersion = String(now['resourceVersion']);
    } catch (error) {
      const outcome = outcomeOf(error, signal);
      if (outcome !== 'conflict') return outcome;
    }
  }
  return { kind: 'changed', why: `${nameOf(change)} changes all the time` };
}

export function rightOf(verb: string, { kind, namespace }: Pick<Change, 'kind' | 'namespace'>) {
  return kind === 'pod' ? { verb, resource: 'pods', namespace } : { verb, resource: 'namespaces' };
}

export function pathOf({ kind, namespace, name }: Pick<Change, 'kind' | 'namespace' | 'name'>): string {
  return kind === 'pod' ? `/api/v1/namespaces/${namespace ?? ''}/pods/${name}` : `/api/v1/namespaces/${name}`;
}

/** Why the change does not fit the object any more; undefined: it does. */
function differenceOf(change: Change, now: Readonly<Record<string, unknown>>): string | undefined {
  if (now['uid'] !== change.uid) return `${nameOf(change)} was deleted, and another has its name`;
  const annotations = record(now['annotations']);
  const other = Object.keys(change.set).find((key) => annotations[key] !== change.was[key]);
  return other === undefined ? undefined : `${other} of ${nameOf(change)} has changed meanwhile`;
}

function outcomeOf(error: unknown, signal: AbortSignal): Applied | 'conflict' {
  if (signal.aborted)
    return { kind: 'failed', why: 'interrupted, so that it may be changed or not', forbidden: false };
  if (!(error instanceof ClusterError)) throw error;
  if (error.fault === 'conflict') return 'conflict';
  if (error.fault === 'not found') return { kind: 'gone' };
  return { kind: 'failed', why: explainClusterError(error), forbidden: error.fault === 'forbidden' };
}
