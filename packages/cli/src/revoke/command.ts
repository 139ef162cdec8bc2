import { optional, systemClock, toggle } from '@rolegate/runtime';
import { clusterFlags, objectName, outputFlag } from '../command-line/cluster-flags.ts';
import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { findOrTell } from '../cluster/find-rolegate-pods.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { ChangingCluster } from '../cluster/cluster.ts';
import { jsonText } from '../output/json-text.ts';
import { revocationText } from './revocation-text.ts';
import type { Revocation } from './revocation.ts';
import { revokePod } from './revoke-pod.ts';
import { revokeRole } from './revoke-role.ts';
import { isApplied } from './revoking.ts';
import type { Revoking } from './revoking.ts';
import { readTarget } from './target.ts';

const revokeFlags = {
  namespace: optional(objectName('NAMESPACE'), {
    group: 'What to revoke',
    help: "Namespace of the Pod; by default, that of the kubeconfig's context",
  }),
  yes: toggle({ group: 'What to revoke', help: 'make the changes; without it, they are only shown' }),
  'remove-wide-rules': toggle({
    group: 'What to revoke',
    help: 'also remove globs and expressions that permit other roles too; Pods with these roles may lose them',
  }),
  ...outputFlag,
  ...clusterFlags,
};

export const revoke: Command<typeof revokeFlags> = {
  name: 'revoke',
  summary:
    'withdraws a role from all Pods, or all credentials from one Pod, and shows how to end what was handed out; a dry run without --yes',
  words: ['role/ROLE|pod/POD'],
  flags: revokeFlags,
  shortFlags: { n: 'namespace', o: 'output' },
  examples: [
    {
      command: 'revoke role/payments/orders',
      shows: 'what would change to withdraw a role, and what that costs others',
    },
    {
      command: 'revoke role/payments/orders --yes',
      shows: 'withdraw it, and wait until all agents have dropped it',
    },
    { command: 'revoke arn:aws:iam::123456789012:role/orders', shows: 'a role by its ARN' },
    { command: 'revoke pod/shop/cart-0 --yes', shows: 'withdraw all credentials from one Pod' },
    {
      command: 'revoke role/orders -o json | jq -r .iam.command',
      shows: 'the command that ends the sessions of a role in IAM',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await revokeTarget(cluster, call, systemClock);
  },
};

/**
 * Exit codes: 0 done, or shown; 1 Pods still have it, or there is no such Pod; 2 the target is invalid; 3 it could only be done or
 * checked in part.
 */
export async function revokeTarget(
  cluster: Pick<ChangingCluster, 'connection' | 'exec' | 'namespace'>,
  { values, words: [word = ''], output, signal }: CommandCall<typeof revokeFlags>,
  clock: Revoking['clock'],
): Promise<ExitCode> {
  const target = readTarget(word, { namespace: values.namespace, usual: cluster.namespace });
  if ('fault' in target) {
    output.note(target.fault);
    return exitCodes.usage;
  }
  const { connection, exec } = cluster;
  const { pods } = await findOrTell(connection, { values, output, signal });
  const revoking: Revoking = {
    connection,
    exec,
    apply: values.yes,
    removeWide: values['remove-wide-rules'],
    output,
    clock,
    signal,
  };
  const revocation =
    target.kind === 'role'
      ? await revokeRole(target.role, pods, revoking)
      : await revokePod(target.pod, pods, revoking);
  if (revocation === undefined) {
    const { namespace, name } = target.kind === 'pod' ? target.pod : { namespace: '', name: '' };
    output.note(`there is no Pod ${name} in Namespace ${namespace}`);
    return exitCodes.negative;
  }
  await output.print(values.output === 'json' ? jsonText(revocation) : revocationText(revocation, output));
  for (const line of [...missingRights(revocation), ...revocation.incomplete]) output.note(line);
  return exitCodeOf(revocation);
}

/** Each once, however many objects it was needed for. */
function missingRights({ changes }: Revocation): ReadonlySet<string> {
  return new Set(
    changes.flatMap(({ outcome }) => (outcome?.kind === 'failed' && outcome.forbidden ? [outcome.why] : [])),
  );
}

function exitCodeOf({ kind, dryRun, changes, keep, stays, check, incomplete }: Revocation): ExitCode {
  const isPartly = changes.some((change) => !isApplied(change)) || (check?.silent.length ?? 0) > 0;
  if (incomplete.length > 0 || (!dryRun && isPartly)) return exitCodes.incomplete;
  if (dryRun) return exitCodes.ok;
  const isServed = check !== undefined && check.served.length + check.stillPermittedIn.length > 0;
  const isKept = kind === 'role' && (keep.length > 0 || stays.length > 0);
  return isServed || isKept ? exitCodes.negative : exitCodes.ok;
}
