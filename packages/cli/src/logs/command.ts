import { isReason } from '@rolegate/protocol';
import { systemClock } from '@rolegate/runtime';
import type { Command, CommandCall } from '../command-line/command.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { findOrTell } from '../cluster/find-rolegate-pods.ts';
import { readPodLog } from '../cluster/pod-log.ts';
import { listRolegatePods, watchRolegatePods } from '../cluster/rolegate-pods.ts';
import type { LogLine, LogSource } from './entry.ts';
import { createFailures } from './failures.ts';
import { keeps, showsAny } from './filter.ts';
import { logsFlags } from './flags.ts';
import { follow } from './follow.ts';
import { gather } from './gather.ts';
import { createPrinter } from './printer.ts';
import type { ReadLog } from './read.ts';
import { sourcesOf } from './sources.ts';

type LogsCall = CommandCall<typeof logsFlags>;

export const logs: Command<typeof logsFlags> = {
  name: 'logs',
  summary: 'shows the logs of all agents and servers, merged by time, one readable line each',
  words: [],
  flags: logsFlags,
  shortFlags: { n: 'namespace', f: 'follow', o: 'output' },
  examples: [
    { command: 'logs', shows: 'what happened in the last ten minutes' },
    {
      command: 'logs -n shop --pod cart-0 -f',
      shows: 'what the Pod cart-0 asks for from now on, and why it is refused',
    },
    {
      command: 'logs --reason NamespaceDenied --since 1h',
      shows: 'all Pods whose Namespace does not permit their role',
    },
    {
      command: 'logs --node node-a --since 5m',
      shows: "one node: its agent's lines and the servers' about it",
    },
    { command: 'logs --role payments -o json | jq .reason', shows: 'every line about a role, for scripts' },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await showLogs(cluster.connection, call);
  },
};

/** Exit codes: 0 all logs were read; 3 some could not be, or there are no Pods of Rolegate. */
export async function showLogs(
  connection: Connection,
  { values, output, signal }: LogsCall,
): Promise<ExitCode> {
  const { reason, node } = values;
  if (reason !== undefined && !isReason(reason))
    output.note(`this version knows no reason ${reason}; docs/reasons.md lists them`);
  const found = await findOrTell(connection, { values, output, signal });
  const printer = createPrinter({
    output,
    format: values.output,
    shows: (group) => showsAny(values, group),
  });
  const failures = createFailures();
  const { namespace } = found;
  const common = {
    read: readerOf(connection),
    keeps: (line: LogLine) => keeps(values, line),
    printer,
    failures,
    output,
    sinceSeconds: Math.ceil(values.since / 1_000),
    signal,
  };
  if (values.follow)
    await follow({
      ...common,
      found,
      list: () => listRolegatePods(connection, { namespace, signal }),
      watch: (resourceVersion) => watchRolegatePods(connection, { namespace, signal, resourceVersion }),
      sourcesOf: (pod) => sourcesOf([pod], node),
      maxStreams: values['max-streams'],
      clock: systemClock,
    });
  else await gather(sourcesOf(found.pods, node), common);
  if (printer.lines === 0 && failures.count === 0 && !values.follow && found.pods.length > 0)
    output.note('no line matches; widen it with --since, or leave out a filter');
  if (values.follow) return exitCodes.ok;
  return failures.count > 0 || found.pods.length === 0 ? exitCodes.incomplete : exitCodes.ok;
}

function readerOf(connection: Connection): ReadLog {
  return ({ namespace, pod, container }: LogSource, options) =>
    readPodLog(connection, { namespace, pod, container, ...options });
}
