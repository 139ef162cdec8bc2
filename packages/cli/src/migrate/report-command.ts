import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { jsonText } from '../output/json-text.ts';
import type { Output } from '../output/output.ts';
import { openExport } from './cloudtrail/open-export.ts';
import { NotCloudTrail } from './cloudtrail/split-records.ts';
import { chooseSystem, findPrograms } from './find-programs.ts';
import { reportFlags } from './flags.ts';
import { listerOf } from './lister.ts';
import { readOldLogs } from './read-old-logs.ts';
import type { OldProgram } from './release/old-program.ts';
import { refuse } from './refuse.ts';
import { makeReport } from './report/make-report.ts';
import { reportMarkdown } from './report/report-markdown.ts';
import { reportText } from './report/report-text.ts';
import type { Report } from './report/report.ts';

type ReportCall = CommandCall<typeof reportFlags>;

export const migrateReport: Command<typeof reportFlags> = {
  name: 'migrate report',
  summary: 'reads a cluster with kiam or kube2iam and says what changes with Rolegate, per Namespace and Pod',
  words: [],
  flags: reportFlags,
  shortFlags: { o: 'output' },
  examples: [
    { command: 'migrate report', shows: 'what breaks, what opens and what stays' },
    { command: 'migrate report --markdown > move.md', shows: 'a page for a change request' },
    {
      command: 'migrate report --logs 24h',
      shows: 'also the metadata that Pods have read through kube2iam since yesterday',
    },
    {
      command: 'migrate report --cloudtrail export.json.gz',
      shows: 'also which Pods have used the role of their node',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await showReport(cluster.connection, call);
  },
};

/** Exit codes: 0 no Pod loses its role; 1 some do; 2 more must be said; 3 something could not be read. */
export async function showReport(
  connection: Connection,
  { values, output, signal }: ReportCall,
): Promise<ExitCode> {
  const lister = listerOf(connection, output, signal);
  const chosen = chooseSystem(await findPrograms(lister.list), values);
  if ('fault' in chosen) return refuse(output, 'migrate report', chosen.fault);
  const { programs } = chosen;
  const report = await made(values.cloudtrail, (cloudTrail) =>
    makeReport({
      ...chosen,
      lister,
      cloudTrail,
      logs: logsOf(connection, programs, { values, output, signal }),
      progress: (line) => {
        output.progress(line);
      },
    }),
  );
  if (typeof report === 'string') return refuse(output, 'migrate report', report);
  await output.print(shown(report, values.markdown ? 'markdown' : values.output, output));
  const { 'role-lost': lost, 'role-differs': differs, 'node-role-lost': nodeRoleLost } = report.changed;
  if (report.incomplete.length > 0) return exitCodes.incomplete;
  return lost + differs + nodeRoleLost > 0 ? exitCodes.negative : exitCodes.ok;
}

/** Reads the logs of kube2iam. kiam's do not tell anything that its flags do not. */
function logsOf(
  connection: Connection,
  programs: readonly OldProgram[],
  { values: { logs: sinceMs }, output, signal }: Pick<ReportCall, 'values' | 'output' | 'signal'>,
) {
  const program = programs.find(({ system }) => system === 'kube2iam');
  if (program === undefined || sinceMs === undefined) return undefined;
  const progress = (line: string) => {
    output.progress(line);
  };
  return (each: (line: string) => void) =>
    readOldLogs(program, each, { connection, sinceMs, signal, progress });
}

/** The report, or why its CloudTrail file cannot be used. */
async function made(
  file: string | undefined,
  make: (cloudTrail: AsyncIterable<Buffer> | undefined) => Promise<Report>,
): Promise<Report | string> {
  try {
    return await make(file === undefined ? undefined : openExport(file));
  } catch (error) {
    if (error instanceof NotCloudTrail) return `the CloudTrail file ${file ?? ''} ${error.message}`;
    throw error;
  }
}

function shown(report: Report, format: 'text' | 'json' | 'markdown', output: Output): string {
  switch (format) {
    case 'text':
      return reportText(report, output);
    case 'json':
      return jsonText(report);
    case 'markdown':
      return reportMarkdown(report);
  }
}
