import { faultOf, valueOf } from '../answers/answer.ts';
import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { Cluster as Access } from '../cluster/cluster.ts';
import { jsonText } from '../output/json-text.ts';
import { unread } from './checks/rights.ts';
import { diagnosisText } from './diagnosis-text.ts';
import { diagnose } from './doctor.ts';
import { doctorFlags } from './flags.ts';
import { gather } from './gather.ts';

type DoctorCall = CommandCall<typeof doctorFlags>;

export const doctor: Command<typeof doctorFlags> = {
  name: 'doctor',
  summary: 'checks all nodes, agents and servers, and says what is wrong and what to do',
  words: [],
  flags: doctorFlags,
  shortFlags: { o: 'output' },
  examples: [
    {
      command: 'doctor',
      shows: 'all nodes, what is wrong, and whether Pods can reach the credentials of nodes',
    },
    { command: 'doctor --node node-a', shows: 'one node and the servers' },
    {
      command: `doctor -o json | jq -r '.findings[] | select(.severity == "error") | .what'`,
      shows: 'the errors, for scripts',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await examine(cluster, call, Date.now);
  },
};

/** Exit codes: 0 no errors; 1 errors were found; 3 no errors in what could be read, but not all could be. */
export async function examine(
  access: Pick<Access, 'connection' | 'exec'>,
  { values, output, signal }: DoctorCall,
  now: () => number,
): Promise<ExitCode> {
  const { node } = values;
  const cluster = await gather({
    ...access,
    namespace: values['rolegate-namespace'],
    node,
    signal,
    note: (line) => {
      output.note(line);
    },
    progress: (line) => {
      output.progress(line);
    },
    now,
  });
  signal.throwIfAborted();
  const faults = new Set(unread(cluster).map(({ fault }) => fault));
  for (const fault of faults) output.note(fault);
  if (node !== undefined && valueOf(cluster.nodes)?.length === 0 && cluster.agents.length === 0) {
    output.note(`there is no node ${node}; kubectl get nodes lists them`);
    return exitCodes.incomplete;
  }
  if (
    faultOf(cluster.pods) === undefined &&
    cluster.agents.length === 0 &&
    valueOf(cluster.pods)?.length === 0
  )
    output.note('no agents or servers are found; is Rolegate installed, with the labels of its charts?');
  const diagnosis = diagnose(cluster);
  await output.print(values.output === 'json' ? jsonText(diagnosis) : diagnosisText(diagnosis, output));
  if (!diagnosis.healthy) return exitCodes.negative;
  return diagnosis.complete ? exitCodes.ok : exitCodes.incomplete;
}
