import { optional } from '@rolegate/runtime';
import { clusterFlags, objectName, outputFlag } from '../command-line/cluster-flags.ts';
import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { findOrTell } from '../cluster/find-rolegate-pods.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { jsonText } from '../output/json-text.ts';
import { rolesOf } from './roles.ts';
import { rolesText } from './roles-text.ts';
import { readNamespaces, readStatuses } from './sources.ts';

const rolesFlags = {
  namespace: optional(objectName('NAMESPACE'), {
    group: 'Which Pods',
    help: 'only Pods of this Namespace and their sessions',
  }),
  ...outputFlag,
  ...clusterFlags,
};

export const roles: Command<typeof rolesFlags> = {
  name: 'roles',
  summary: 'shows which Pods have which role, by which rules, and how long their sessions live',
  words: [],
  flags: rolesFlags,
  shortFlags: { n: 'namespace', o: 'output' },
  examples: [
    { command: 'roles', shows: 'all Pods that have a role or ask for one, and all sessions' },
    { command: 'roles -n shop', shows: 'the Pods of one Namespace' },
    {
      command: 'roles -o json | jq -r \'.pods[] | select(.state != "ok") | .pod\'',
      shows: 'Pods that do not get their role',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await showRoles(cluster, call);
  },
};

/** Exit codes: 0 all agents, servers and Namespaces could be read; 3 some could not. */
export async function showRoles(
  { connection, exec }: Pick<Cluster, 'connection' | 'exec'>,
  { values, output, signal }: CommandCall<typeof rolesFlags>,
): Promise<ExitCode> {
  const { namespace } = values;
  const { pods } = await findOrTell(connection, { values, output, signal });
  const namespaces = await readNamespaces(connection, { namespace, signal, output });
  const statuses = await readStatuses({
    pods,
    output,
    exec,
    signal,
    keepsPod: (pod) => pod.role !== undefined && (namespace === undefined || pod.namespace === namespace),
    keepsSession: () => true,
  });
  const found = rolesOf({ ...statuses, namespaces }, namespace);
  await output.print(values.output === 'json' ? jsonText(found) : rolesText(found, output.width));
  for (const line of found.incomplete) output.note(line);
  return found.incomplete.length > 0 ? exitCodes.incomplete : exitCodes.ok;
}
