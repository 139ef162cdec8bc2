import type { Output } from '../output/output.ts';
import { ClusterError, missingRight } from './cluster-error.ts';
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
      `${missingRight(error.right)}; searching only Namespace ${USUAL_NAMESPACE} (--rolegate-namespace names another)`,
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

export interface FindCall {
  readonly values: { readonly 'rolegate-namespace': string | undefined };
  readonly output: Pick<Output, 'note'>;
  readonly signal: AbortSignal;
}

/** For a command with these flags. Tells the user if there are none. */
export async function findOrTell(
  connection: Connection,
  { values, output, signal }: FindCall,
): Promise<FoundRolegatePods> {
  const note = (line: string) => {
    output.note(line);
  };
  const found = await findRolegatePods(connection, {
    namespace: values['rolegate-namespace'],
    signal,
    note,
  });
  const { pods, namespace } = found;
  if (pods.length === 0)
    note(
      `no agents or servers ${namespace === undefined ? 'in any Namespace' : `in Namespace ${namespace}`}; is Rolegate installed, with its charts' labels?`,
    );
  return found;
}
