import { ClusterError, describeRight } from '../cluster/cluster-error.ts';
import { describeError } from '@rolegate/runtime';

const MISSING = 'missing right: ';

/** Why something cannot be read, in one line. */
export function faultText(error: unknown): string {
  if (error instanceof ClusterError && error.fault === 'forbidden')
    return `${MISSING}${describeRight(error.right)}`;
  return describeError(error);
}

/** True if the fault is a right that the user lacks. */
export function isMissingRight(fault: string): boolean {
  return fault.startsWith(MISSING);
}
