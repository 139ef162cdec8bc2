import type { FlagRow } from '../release/flag-rows.ts';
import type { NodeRoleUse } from '../cloudtrail/node-role-use.ts';
import type { ChangeKind } from './change.ts';
import type { Difference } from './differences.ts';
import type { ProxiedPath } from './proxied-paths.ts';
import type { SoftwareRow } from './software.ts';
import type { NamespaceTally } from './tally.ts';

/** What changes if a cluster moves to Rolegate. `-o json` prints it as it is. */
export interface Report {
  readonly system: 'kiam' | 'kube2iam';
  readonly programs: readonly { readonly of: string; readonly version: string }[];
  readonly baseArn: string;
  readonly namespaces: number;
  /** CronJobs, and workloads that are scaled to zero, included as one each. */
  readonly pods: number;
  readonly changed: Readonly<Record<ChangeKind, number>>;
  /** Those of which there is something to say. */
  readonly byNamespace: readonly NamespaceReport[];
  /** Accounts of roles outside that of the base ARN: `roles.ceiling` must list them. */
  readonly otherAccounts: readonly string[];
  readonly differences: readonly Difference[];
  readonly software: readonly SoftwareRow[];
  /** From kube2iam's logs, if they are read. */
  readonly paths?: readonly ProxiedPath[];
  readonly flags: readonly FlagRow[];
  /** From a CloudTrail export, if one is given. */
  readonly nodeRole?: NodeRoleUse;
  /** What could not be read, and so is not part of this. */
  readonly incomplete: readonly string[];
}

export interface NamespaceReport extends NamespaceTally {
  readonly permits: 'none' | 'expression' | 'list' | 'both';
  /** Why Rolegate takes its annotations for invalid, and the nearest that are valid. */
  readonly fault?: { readonly why: string; readonly instead: string };
  /** The old system reads its expression as more than it says. */
  readonly openAlternatives: boolean;
}
