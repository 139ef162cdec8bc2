/** What kiam is configured to do, as far as it decides about roles. */
export interface KiamRules {
  readonly kind: 'kiam';
  /** `--role-base-arn`, used as it is: kiam adds no slash. */
  readonly baseArn: string;
  /** What the expression of a Namespace is matched against: the ARN since v4.0, before that the name as annotated. */
  readonly matches: 'arn' | 'name';
  /** Whether the expression is anchored: since v4.0 without `--disable-strict-namespace-regexp`, in v3 with `--strict-namespace-regexp`. */
  readonly strict: boolean;
}

/** What kube2iam is configured to do, as far as it decides about roles. */
export interface Kube2iamRules {
  readonly kind: 'kube2iam';
  /** `--base-role-arn`, or the one that it detects; kube2iam adds a slash. */
  readonly baseArn: string;
  /** `--default-role`; undefined: Pods without an annotation get no role. */
  readonly defaultRole: string | undefined;
  /** `--auto-discover-default-role`: Pods without an annotation get the role of their node. */
  readonly nodeRoleByDefault: boolean;
  /** off: without `--namespace-restrictions`, every Namespace permits every role. */
  readonly restrictions: 'off' | 'glob' | 'regexp';
  readonly keys: AnnotationKeys;
}

/** The annotations that kube2iam reads. Flags can change them; those of kiam are fixed. */
export interface AnnotationKeys {
  readonly role: string;
  readonly externalId: string;
  /** On Namespaces. */
  readonly permits: string;
}

export type OldRules = KiamRules | Kube2iamRules;

const kiamKeys: AnnotationKeys = {
  role: 'iam.amazonaws.com/role',
  externalId: 'iam.amazonaws.com/external-id',
  permits: 'iam.amazonaws.com/permitted',
};

export const kube2iamKeys: AnnotationKeys = {
  role: 'iam.amazonaws.com/role',
  externalId: 'iam.amazonaws.com/external-id',
  permits: 'iam.amazonaws.com/allowed-roles',
};

/** The annotations that the old system reads. */
export function keysOf(rules: OldRules): AnnotationKeys {
  return rules.kind === 'kiam' ? kiamKeys : rules.keys;
}

/** A Pod as the old system sees it: annotations as they are, undefined if absent. */
export interface OldSubject {
  readonly role: string | undefined;
  /** The Namespace's annotation with the permits. */
  readonly permits: string | undefined;
  readonly hostNetwork: boolean;
}

/** What the old system gives a Pod. */
export type OldVerdict =
  | { readonly kind: 'role'; readonly roleArn: string; readonly byDefault: boolean }
  /** The annotation asks for a role that the Pod does not get; `why` completes "kiam refuses it: …". */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'none' }
  /** The role of its node: the Pod's requests never reach the old system, or that is its default role. */
  | { readonly kind: 'node' };
