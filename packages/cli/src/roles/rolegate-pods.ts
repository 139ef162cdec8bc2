import type { Connection } from '../cluster/connection.ts';
import { findRolegatePods } from '../cluster/find-rolegate-pods.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { Output } from '../output/output.ts';

export interface FindCall {
  readonly values: { readonly 'rolegate-namespace': string | undefined };
  readonly output: Pick<Output, 'note'>;
  readonly signal: AbortSignal;
}

/** The agents and servers to ask. Tells the user if there are none. */
export async function rolegatePods(
  connection: Connection,
  { values, output, signal }: FindCall,
): Promise<readonly RolegatePod[]> {
  const note = (line: string) => {
    output.note(line);
  };
  const { pods, namespace } = await findRolegatePods(connection, {
    namespace: values['rolegate-namespace'],
    signal,
    note,
  });
  if (pods.length === 0)
    note(
      `no agents or servers ${namespace === undefined ? 'in any Namespace' : `in Namespace ${namespace}`}; is Rolegate installed, with its charts' labels?`,
    );
  return pods;
}
