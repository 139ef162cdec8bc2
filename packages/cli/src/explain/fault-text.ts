import { ClusterError, isMissingRight, missingRight } from '../cluster/cluster-error.ts';
import { describeError } from '@rolegate/runtime';
import type { LinkFacts } from './link.ts';

/** Why something cannot be read, in one line. */
export function faultText(error: unknown): string {
  if (error instanceof ClusterError && error.fault === 'forbidden') return missingRight(error.right);
  return describeError(error);
}

/** What to do about something that cannot be read; `otherwise` unless a right is missing. */
export function stepAfter(fault: string, otherwise: LinkFacts): LinkFacts {
  return isMissingRight(fault)
    ? { next: 'ask an administrator for the roles in deploy/kubectl-rolegate/explain.yaml' }
    : otherwise;
}
