import type { PermittingEntry } from '../answers/server-role.ts';
import type { Applied } from './apply.ts';
import type { Change } from './change.ts';
import type { IamEnd } from './iam-policy.ts';

/** What `revoke` plans, and with `--yes` did. Also its JSON. */
export interface Revocation {
  readonly kind: 'role' | 'pod';
  /** The role's ARN, or the Pod as NAMESPACE/NAME. */
  readonly target: string;
  readonly dryRun: boolean;
  readonly changes: readonly PlannedChange[];
  /** Namespaces that permit the role by entries which permit others too, and stay. */
  readonly stays: readonly StayingRules[];
  readonly notes: readonly string[];
  /** Undefined: nothing was changed. */
  readonly check: DropCheck | undefined;
  /** Ends credentials that were handed out before; undefined: the role's ARN is not known. */
  readonly iam: IamEnd | undefined;
  /** Pods that keep the role or session. The IAM policy denies what they have as well, until it is renewed. */
  readonly keep: readonly string[];
  readonly incomplete: readonly string[];
}

export interface PlannedChange extends Change {
  /** Pods that lose the role. */
  readonly loses: readonly string[];
  /** Pods with other roles that the removed rules may have permitted. */
  readonly mayLose: readonly string[];
  /** For somebody who has the rights. */
  readonly command: string;
  readonly undo: string;
  /** Undefined: not tried. */
  readonly outcome: Applied | undefined;
}

export interface StayingRules {
  readonly namespace: string;
  readonly entries: readonly PermittingEntry[];
  /** Pods that keep the role by them. */
  readonly keeps: readonly string[];
  /** Pods with other roles there. */
  readonly others: readonly string[];
}

/** What agents and servers say after the changes. */
export interface DropCheck {
  readonly seconds: number;
  /** Pods that their agents still serve, as NAMESPACE/NAME on NODE. */
  readonly served: readonly string[];
  /** Agents that do not answer, by node. */
  readonly silent: readonly { readonly node: string; readonly fault: string }[];
  /** Changed Namespaces that still permit the role, as the server says. */
  readonly stillPermittedIn: readonly string[];
}
