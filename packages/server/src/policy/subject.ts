import type { Annotations } from './annotation-text.ts';
import type { SessionScope } from './template.ts';

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

/** What the operator has set (DESIGN.md 4.1, 4.7). Read again for each decision. */
export interface PolicySettings {
  /**
   * As parseRoleBaseArn gives it; undefined as long as it has not been detected: what needs it is pending. May be a
   * getter.
   */
  readonly roleBaseArn?: string | undefined;
  /** Globs on the full ARN (`--role-ceiling`); none: the account of the base ARN. */
  readonly ceilings: readonly string[];
  /** audit: what a Namespace would refuse is allowed inside the ceiling, and the verdict says so. */
  readonly namespacePolicy: 'enforce' | 'audit';
  /** kube2iam's `--default-role`: weaker than the Namespace's, and must be permitted like any other. */
  readonly defaultRole?: string | undefined;
  readonly sessionScope: SessionScope;
  /** Templates as checkTemplate takes them. */
  readonly sessionNameTemplate?: string | undefined;
  readonly sourceIdentityTemplate?: string | undefined;
  /** By tag key. */
  readonly sessionTagTemplates: Readonly<Record<string, string>>;
  /** DurationSeconds of AssumeRole. */
  readonly durationSeconds: number;
  /** '' if the cluster has no name. */
  readonly clusterName: string;
}
