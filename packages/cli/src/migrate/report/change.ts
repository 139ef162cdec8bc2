import type { Decision } from '@rolegate/server';
import type { OldVerdict } from '../old-rules/old-system.ts';

/** How a Pod fares differently. The order is that of a report. */
export const changeKinds = {
  'role-lost': {
    effect: 'breaks',
    title: 'have a role now and are refused by Rolegate',
    todo: 'permit the role in their Namespace, or correct the annotation; `migrate plan` writes the permits',
  },
  'role-differs': {
    effect: 'breaks',
    title: 'get another role than now',
    todo: 'check which of the two is meant, and annotate that one',
  },
  'node-role-lost': {
    effect: 'breaks',
    title: 'have no annotation and get the role of their node now, which Rolegate never gives',
    todo: 'annotate the role that they need and permit it',
  },
  'role-gained': {
    effect: 'opens',
    title: 'get a role that they do not get now',
    todo: 'if that is not meant, remove the annotation or narrow the permit before the move',
  },
  'host-network': {
    effect: 'stays',
    title: 'are on the host network and use the role of their node, before and after',
    todo: 'container credentials can give them a role of their own',
  },
  'refused-by-both': {
    effect: 'stays',
    title: 'ask for a role and are refused, before and after',
    todo: 'remove the annotation, or permit the role',
  },
  'no-role': {
    effect: 'stays',
    title: 'have no role, before and after',
    todo: 'if one of them uses AWS, it has had the role of its node past the old system, which ends: give it a role of its own',
  },
} as const satisfies Readonly<Record<string, KindOfChange>>;

interface KindOfChange {
  /** breaks: a Pod loses what it has; opens: it gets more; stays: nothing changes. */
  readonly effect: 'breaks' | 'opens' | 'stays';
  /** Completes "Pods that …". */
  readonly title: string;
  readonly todo: string;
}

export type ChangeKind = keyof typeof changeKinds;

export interface Change {
  readonly kind: ChangeKind;
  /** The role now, or what is asked for; '' for none. */
  readonly before: string;
  /** The role with Rolegate; '' for none. */
  readonly after: string;
  /** A reason of Rolegate, or ''. */
  readonly reason: string;
  /** Why one of the two refuses, for one of the Pods. */
  readonly why: string;
}

/** How a Pod fares differently; undefined: it keeps its role. `asked` is its annotation. */
export function changeOf(
  asked: string,
  old: OldVerdict,
  ours: Decision,
  hostNetwork: boolean,
): Change | undefined {
  const reason = ours.kind === 'deny' ? ours.reason : '';
  const why =
    ours.kind === 'deny' ? ours.message : ours.kind === 'pending' ? `it waits for ${ours.waitsFor}` : '';
  const change = (kind: ChangeKind, before = '', after = '') => ({ kind, before, after, reason, why });
  if (hostNetwork) return change('host-network', asked);
  switch (old.kind) {
    case 'role':
      if (ours.kind !== 'allow') return change('role-lost', old.roleArn);
      return ours.roleArn === old.roleArn ? undefined : change('role-differs', old.roleArn, ours.roleArn);
    case 'node':
      return ours.kind === 'allow'
        ? change('role-differs', "its node's role", ours.roleArn)
        : change('node-role-lost', "its node's role");
    case 'refused':
      return ours.kind === 'allow'
        ? { ...change('role-gained', asked, ours.roleArn), why: old.why }
        : { ...change('refused-by-both', asked), why: old.why };
    case 'none':
      return ours.kind === 'allow' ? change('role-gained', '', ours.roleArn) : change('no-role', asked);
  }
}
