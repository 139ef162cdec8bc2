import type { Annotations } from './annotation-text.ts';
import type { SessionScope } from './template.ts';

/** An object that a Pod needs. 'unseen': it may still arrive. 'absent': missing for 10 s in a synced cache (DESIGN.md 4.2). */
export type Presence = { readonly annotations: Annotations } | 'absent' | 'unseen';

/** The Pod of a decision, with the objects that it depends on. */
export interface Subject {
  readonly pod: SubjectPod;
  readonly namespace: Presence;
  readonly serviceAccount: Presence;
  /** The node's agent serves container credentials, so a Pod is identified by its ServiceAccount token as well. Defaults to false. */
  readonly servesContainerCredentials?: boolean;
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

/** The objects' names in messages. The API server has checked that they are DNS names. */
export function namesOf({ namespace, name, serviceAccount }: SubjectPod) {
  return {
    pod: `Pod ${namespace}/${name}`,
    namespace: `Namespace ${namespace}`,
    serviceAccount: `ServiceAccount ${namespace}/${serviceAccount}`,
  };
}

/** Empty for a missing object. */
export function annotationsOf(presence: Presence): Annotations {
  return typeof presence === 'string' ? {} : presence.annotations;
}

/** The operator's settings (DESIGN.md 4.1, 4.7). Read for each decision. */
export interface PolicySettings {
  /** As returned by parseRoleBaseArn; undefined until it is detected: what needs it is pending. Can be a getter. */
  readonly roleBaseArn?: string | undefined;
  /** Globs for the full ARN (`--role-ceiling`); if empty, the account of the base ARN. */
  readonly ceilings: readonly string[];
  /** audit: allows roles inside the ceiling that a Namespace would refuse, and the decision says so. */
  readonly namespacePolicy: 'enforce' | 'audit';
  /** kube2iam's `--default-role`: used if the Namespace has none, and must be permitted like any other. */
  readonly defaultRole?: string | undefined;
  readonly sessionScope: SessionScope;
  /** Templates that checkTemplate accepts. */
  readonly sessionNameTemplate?: string | undefined;
  readonly sourceIdentityTemplate?: string | undefined;
  /** By tag key. */
  readonly sessionTagTemplates: Readonly<Record<string, string>>;
  /** DurationSeconds of AssumeRole. */
  readonly durationSeconds: number;
  /** '' if the cluster has no name. */
  readonly clusterName: string;
}
