import { clusterFlags, outputFlag } from '../command-line/cluster-flags.ts';
import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { findOrTell } from '../cluster/find-rolegate-pods.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { jsonText } from '../output/json-text.ts';
import { isNamesake, roleFault } from './role-name.ts';

import { whoText } from './roles-text.ts';
import { askAboutRole, readNamespaces, readStatuses } from './sources.ts';
import { knownRole, roleMatcher, whoHas } from './who.ts';
import type { Who } from './who.ts';

const whoFlags = {
  ...outputFlag,
  ...clusterFlags,
};

export const who: Command<typeof whoFlags> = {
  name: 'who',
  summary: 'shows which Pods have a role, which Namespaces permit it, and by which rule',
  words: ['ROLE'],
  flags: whoFlags,
  shortFlags: { o: 'output' },
  examples: [
    {
      command: 'who payments/orders',
      shows: 'a role by its path and name, in the account of the role base ARN',
    },
    { command: 'who arn:aws:iam::123456789012:role/orders', shows: 'a role of any account' },
    {
      command: "who orders -o json | jq -r '.permits.namespaces[].namespace'",
      shows: 'the Namespaces whose rules permit it',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await showWho(cluster, call);
  },
};

/** Exit codes: 0 a Pod has the role or may have it; 1 none has or may; 3 not all could be asked. */
export async function showWho(
  { connection, exec }: Pick<Cluster, 'connection' | 'exec'>,
  { values, words: [role = ''], output, signal }: CommandCall<typeof whoFlags>,
): Promise<ExitCode> {
  const fault = roleFault(role);
  if (fault !== undefined) {
    output.note(fault);
    return exitCodes.usage;
  }
  const { pods } = await findOrTell(connection, { values, output, signal });
  const answer = await askAboutRole(role, pods, { exec, signal });
  const isRole = roleMatcher(role, answer);
  const statuses = await readStatuses({
    pods,
    output,
    exec,
    signal,
    keepsPod: (pod) => pod.role !== undefined && (isRole(pod.role) || isNamesake(pod.role, role)),
    keepsSession: (session) => isRole(session.role),
  });
  const namespaces =
    knownRole(answer) === undefined
      ? await readNamespaces(connection, { namespace: undefined, signal, output })
      : { value: [] };
  const found = whoHas(role, { ...statuses, namespaces, answer });
  await output.print(values.output === 'json' ? jsonText(found) : whoText(found, output.width));
  for (const line of found.incomplete) output.note(line);
  if (found.incomplete.length > 0) return exitCodes.incomplete;
  return isNobodys(found) ? exitCodes.negative : exitCodes.ok;
}

function isNobodys({ have, permits }: Who): boolean {
  return have.length === 0 && permits?.namespaces.length === 0 && permits.namespacePolicy !== 'audit';
}
