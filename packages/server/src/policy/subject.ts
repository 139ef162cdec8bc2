import type { Annotations } from './annotation-text.ts';

/**
 * What a watch says of an object that a Pod needs: 'unseen' may still arrive, 'absent' has not come in ten seconds of a
 * synced cache (DESIGN.md 4.2).
 */
export type Presence = { readonly annotations: Annotations } | 'absent' | 'unseen';

/** Whom a decision is about, and all that it rests on. */
export interface Subject {
  readonly pod: SubjectPod;
  readonly namespace: Presence;
  readonly serviceAccount: Presence;
}

export interface SubjectPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly serviceAccount: string;
  readonly annotations: Annotations;
  readonly hostNetwork: boolean;
  /** The mirror of a static Pod. */
  readonly staticPod: boolean;
}

/** How messages call the objects. Their names are DNS names: the API server has checked them. */
export function namesOf({ namespace, name, serviceAccount }: SubjectPod) {
  return {
    pod: `Pod ${namespace}/${name}`,
    namespace: `Namespace ${namespace}`,
    serviceAccount: `ServiceAccount ${namespace}/${serviceAccount}`,
  };
}

/** None for an object that is not there. */
export function annotationsOf(presence: Presence): Annotations {
  return typeof presence === 'string' ? {} : presence.annotations;
}
