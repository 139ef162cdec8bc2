import { record, textOf } from '@rolegate/runtime';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { chooseSystem } from './find-programs.ts';
import type { Lister } from './lister.ts';
import type { OldRules } from './old-rules/old-system.ts';
import type { PlanCall } from './plan-command.ts';
import { printPlan } from './plan/plan-output.ts';
import { refuse } from './refuse.ts';
import type { OldProgram } from './release/old-program.ts';
import { moveOnPage } from './to/move-on-page.ts';
import { moveOn } from './to/move-on.ts';
import type { MoveTarget } from './to/move-on.ts';
import { readClients } from './to/read-clients.ts';
import { readWorkloads } from './to/read-workloads.ts';

/** The move from the metadata API to another way, from the old system or, if there is none, from Rolegate. */
export async function writeMoveOn(
  access: Pick<Cluster, 'connection' | 'exec'>,
  to: MoveTarget,
  { installed, lister }: { readonly installed: readonly OldProgram[]; readonly lister: Lister },
  { values, output, signal }: PlanCall,
): Promise<ExitCode> {
  const from = startOf(installed, values);
  if ('fault' in from) return refuse(output, 'migrate plan', from.fault);
  const { connection } = access;
  const clients = await readClients(access, { namespace: values['rolegate-namespace'], output, signal });
  const workloads = await readWorkloads({
    ...from,
    list: lister.list,
    clientsOf: (uid) => clients.byUid.get(uid) ?? [],
  });
  const missing = [...lister.missing, ...clients.missing];
  const issuer = to === 'irsa' ? await readIssuer(connection, signal) : undefined;
  const moved = moveOn(to, { workloads, issuer, baseArn: from.baseArn });
  const notes = [...missing.map((what) => ({ about: 'not read', what })), ...moved.notes];
  const page = { name: `${to}.md`, text: moveOnPage(to, notes) };
  await printPlan(
    { notes, files: [page, ...moved.files] },
    { output, format: values.output, folder: values.folder, page: page.name },
  );
  return missing.length > 0 ? exitCodes.incomplete : exitCodes.ok;
}

/** Whose roles the Pods have now. */
function startOf(
  installed: readonly OldProgram[],
  values: PlanCall['values'],
): { readonly rules: OldRules | undefined; readonly baseArn: string } | { readonly fault: string } {
  if (installed.length === 0 && values.from === undefined) {
    const baseArn = values['role-base-arn'];
    return baseArn === undefined
      ? { fault: "say the server's base ARN with --role-base-arn, e.g. arn:aws:iam::123456789012:role/" }
      : { rules: undefined, baseArn };
  }
  return chooseSystem(installed, values);
}

/** The issuer of ServiceAccount tokens; undefined if it cannot be read. */
async function readIssuer(connection: Connection, signal: AbortSignal): Promise<string | undefined> {
  const path = '/.well-known/openid-configuration';
  try {
    const answer = await connection.json({ path, right: { verb: 'get', resource: path }, signal });
    return textOf(record(answer)['issuer']) || undefined;
  } catch (error) {
    if (error instanceof ClusterError) return undefined;
    throw error;
  }
}
