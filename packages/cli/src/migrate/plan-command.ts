import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { chooseSystem, findPrograms } from './find-programs.ts';
import { planFlags } from './flags.ts';
import { listerOf } from './lister.ts';
import { makePlan } from './plan/make-plan.ts';
import { readOldValues } from './plan/old-values.ts';
import { printPlan } from './plan/plan-output.ts';
import { refuse } from './refuse.ts';
import { compareCluster } from './report/compare-cluster.ts';
import { writeMoveOn } from './write-move-on.ts';

export type PlanCall = Pick<CommandCall<typeof planFlags>, 'values' | 'output' | 'signal'>;

export const migratePlan: Command<typeof planFlags> = {
  name: 'migrate plan',
  summary: 'writes what to apply for a move from kiam or kube2iam, in which order, and the way back',
  words: [],
  flags: planFlags,
  shortFlags: { o: 'output' },
  examples: [
    {
      command: 'migrate plan',
      shows: 'permits, values of both charts and scripts; plan.md says in which order',
    },
    {
      command: 'migrate plan --to irsa',
      shows: 'annotations and trust policies for a move from the metadata API to IRSA',
    },
    {
      command: 'migrate plan --values kiam.yaml',
      shows: 'without the right to read the Secret of the old release',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await writeMigration(cluster, call);
  },
};

/** Exit codes: 0 the plan is written; 2 more must be said; 3 it is written, but something could not be read. */
export async function writeMigration(
  access: Pick<Cluster, 'connection' | 'exec'>,
  { values, output, signal }: PlanCall,
): Promise<ExitCode> {
  const { connection } = access;
  const lister = listerOf(connection, output, signal);
  const installed = await findPrograms(lister.list);
  if (values.to !== undefined)
    return writeMoveOn(access, values.to, { installed, lister }, { values, output, signal });
  const chosen = chooseSystem(installed, values);
  if ('fault' in chosen) return refuse(output, 'migrate plan', chosen.fault);
  const { programs } = chosen;
  const oldValues = await readOldValues({ programs, file: values.values, connection, signal });
  if ('fault' in oldValues) return refuse(output, 'migrate plan', oldValues.fault);
  const comparison = await compareCluster({ ...chosen, lister });
  const plan = makePlan({
    ...chosen,
    ...oldValues,
    comparison,
    hasOther: programs.length < installed.length,
  });
  await printPlan(plan, { output, format: values.output, folder: values.folder, page: 'plan.md' });
  return comparison.incomplete.length > 0 || oldValues.withoutValues !== undefined
    ? exitCodes.incomplete
    : exitCodes.ok;
}
