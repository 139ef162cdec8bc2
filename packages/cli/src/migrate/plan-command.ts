import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { onOneLine } from '@rolegate/runtime';
import { chooseSystem, findPrograms } from './find-programs.ts';
import { planFlags } from './flags.ts';
import { listerOf } from './lister.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Plan } from './plan/make-plan.ts';
import { readOldValues } from './plan/old-values.ts';
import { writePlan } from './plan/write-plan.ts';
import type { WrittenFile } from './plan/write-plan.ts';
import { rulesOf } from './release/rules-of.ts';
import { compareCluster } from './report/compare-cluster.ts';

type PlanCall = CommandCall<typeof planFlags>;

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
      command: 'migrate plan --values kiam.yaml',
      shows: 'without the right to read the Secret of the old release',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await writeMigration(cluster.connection, call);
  },
};

/** Exit codes: 0 the plan is written; 2 more must be said; 3 it is written, but something could not be read. */
export async function writeMigration(
  connection: Connection,
  { values, output, signal }: PlanCall,
): Promise<ExitCode> {
  const refuse = (why: string) => {
    output.note(`kubectl rolegate migrate plan: ${why}`);
    return exitCodes.usage;
  };
  const chosen = chooseSystem(await findPrograms(connection, signal), values.from);
  if ('fault' in chosen) return refuse(chosen.fault);
  const { programs } = chosen;
  const found = rulesOf(programs, values['role-base-arn']);
  if ('fault' in found) return refuse(found.fault);
  const oldValues = await readOldValues({ programs, file: values.values, connection, signal });
  if ('fault' in oldValues) return refuse(oldValues.fault);
  const list = listerOf(connection, output, signal);
  const comparison = await compareCluster({ programs, ...found, list });
  const plan = makePlan({ programs, ...found, ...oldValues, comparison });
  const written = await writePlan(values.folder, plan.files);
  await output.print(values.output === 'json' ? json(written, plan) : text(written, plan, values.folder));
  return comparison.incomplete.length > 0 || oldValues.withoutValues !== undefined
    ? exitCodes.incomplete
    : exitCodes.ok;
}

function json(files: readonly WrittenFile[], { notes }: Plan): string {
  return `${JSON.stringify({ files, notes }, undefined, 2)}\n`;
}

function text(files: readonly WrittenFile[], { notes }: Plan, folder: string): string {
  return [
    ...files.map(
      ({ path, how }) => `${path}: ${how}${how === 'replaced' ? `; the former is ${path}.before` : ''}`,
    ),
    ...notes.map(({ about, what }) => `left to you: ${onOneLine(about)}: ${onOneLine(what)}`),
    `Next: read ${folder}/plan.md`,
    '',
  ].join('\n');
}
