import { describeRight } from '../cluster/cluster-error.ts';
import type { ClusterError } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';

/** Begins each fault that a missing right causes. */
export const MISSING_RIGHT = 'missing right: ';

/** Why something could not be read. What to do about a missing right is said once, in the finding. */
export function clusterFault(error: ClusterError): string {
  return error.fault === 'forbidden'
    ? `${MISSING_RIGHT}${describeRight(error.right)}`
    : explainClusterError(error);
}
