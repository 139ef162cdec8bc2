import type { SessionScope } from './template.ts';

/** What the operator has set (DESIGN.md 4.1, 4.7). Read anew at each decision. */
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
  /** '' where the cluster has no name. */
  readonly clusterName: string;
}
