import { ClusterError, describeRight } from '../cluster/cluster-error.ts';
import { describeError } from '@rolegate/runtime';
import type { LinkFacts } from './link.ts';

const MISSING = 'missing right: ';

/** Why something cannot be read, in one line. */
export function faultText(error: unknown): string {
  if (error instanceof ClusterError && error.fault === 'forbidden')
    return `${MISSING}${describeRight(error.right)}`;
  return describeError(error);
}

/** What to do about something that cannot be read; `otherwise` unless a right is missing. */
export function stepAfter(fault: string, otherwise: LinkFacts): LinkFacts {
  return isMissingRight(fault)
    ? { next: 'ask an administrator for the roles in deploy/kubectl-rolegate/explain.yaml' }
    : otherwise;
}

/** True if the fault is a right that the user lacks. */
export function isMissingRight(fault: string): boolean {
  return fault.startsWith(MISSING);
}
