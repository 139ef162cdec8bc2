import { missingRight } from '../cluster/cluster-error.ts';
import type { ClusterError } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';

/** Why something could not be read. What to do about a missing right is said once, in the finding. */
export function clusterFault(error: ClusterError): string {
  return error.fault === 'forbidden' ? missingRight(error.right) : explainClusterError(error);
}
