import { ClusterError } from './cluster-error.ts';
import type { Connection } from './connection.ts';
import { listRolegatePods, USUAL_NAMESPACE } from './rolegate-pods.ts';
import type { RolegatePods } from './rolegate-pods.ts';

export interface FoundRolegatePods extends RolegatePods {
  /** Where they were found; undefined: in all Namespaces. */
  readonly namespace: string | undefined;
}

/**
 * Finds the Pods of agents and servers. Without the right to list all Namespaces' Pods, only the usual Namespace is
 * searched; `note` is told.
 */
export async function findRolegatePods(
  connection: Connection,
  { namespace, signal, note }: FindRequest,
): Promise<FoundRolegatePods> {
  try {
    return { namespace, ...(await listRolegatePods(connection, { namespace, signal })) };
  } catch (error) {
    if (namespace !== undefined || !(error instanceof ClusterError) || error.fault !== 'forbidden')
      throw error;
    note(
      `missing right: list pods in all Namespaces; searching only Namespace ${USUAL_NAMESPACE} (--rolegate-namespace names another)`,
    );
    const found = await listRolegatePods(connection, { namespace: USUAL_NAMESPACE, signal });
    return { namespace: USUAL_NAMESPACE, ...found };
  }
}

export interface FindRequest {
  /** Undefined: all Namespaces. */
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}
