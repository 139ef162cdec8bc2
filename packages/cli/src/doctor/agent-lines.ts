import { parseJson, record } from '@rolegate/runtime';
import type { AgentStatus } from '../answers/agent-status.ts';
import type { Answer } from '../answers/answer.ts';
import { atMost } from '../cluster/at-most.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { readPodLog } from '../cluster/pod-log.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import { clusterFault } from './cluster-fault.ts';
import type { LogLine } from './cluster.ts';
import { logMessages } from './log-messages.ts';

/** The newest lines of a log that are read. `reconcile` writes a line only when something changes. */
const NEWEST_LINES = 500;
/** The kubelet ends a longer log. Bytes. */
const LONGEST_LOG = 2 * 1024 * 1024;
/** Of those, the newest that are kept with the same message. */
const MOST_KEPT = 50;
/** Logs that are read at once. */
const MOST_AT_ONCE = 16;
/** For one log. Milliseconds. */
const TIMEOUT_MS = 5_000;

const READ_MESSAGES: ReadonlySet<unknown> = new Set(Object.values(logMessages));

export interface AgentLines {
  /** Never rejects: without an answer there are no lines. */
  read(pod: RolegatePod, status: AgentStatus): Promise<readonly LogLine[]>;
  /** Whether the logs may be read. */
  readonly access: () => Answer<true>;
}

/** Reads the agents' logs where their status says that there is something to read: not thousands of them. */
export function createAgentLines(connection: Connection, signal: AbortSignal): AgentLines {
  const inTurn = atMost(MOST_AT_ONCE);
  let access: Answer<true> = { value: true };

  async function readOne({ namespace, name }: RolegatePod, container: string): Promise<readonly LogLine[]> {
    const lines: LogLine[] = [];
    try {
      const batches = readPodLog(connection, {
        namespace,
        pod: name,
        container,
        follow: false,
        tailLines: NEWEST_LINES,
        limitBytes: LONGEST_LOG,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      for await (const batch of batches)
        for (const { stamp, text } of batch) {
          const line = record(parseJson(text));
          if (READ_MESSAGES.has(line['msg'])) keep(lines, { time: stamp, ...line });
        }
    } catch (error) {
      if (error instanceof ClusterError && error.fault === 'forbidden')
        access = { fault: clusterFault(error) };
    }
    return lines;
  }

  return {
    access: () => access,
    async read(pod, status) {
      const wanted = containersToRead(status).filter((container) => pod.containers.includes(container));
      const logs = await Promise.all(wanted.map((container) => inTurn(() => readOne(pod, container))));
      return logs.flat();
    },
  };
}

/** The oldest line with this message gives way, so that a message that comes often does not drive out the others. */
function keep(lines: LogLine[], line: LogLine): void {
  lines.push(line);
  const same = lines.filter(({ msg }) => msg === line['msg']);
  const [oldest] = same;
  if (same.length > MOST_KEPT && oldest !== undefined) lines.splice(lines.indexOf(oldest), 1);
}

/** Of an agent that is well, nothing in the logs is of interest. */
function containersToRead({ interception, server }: AgentStatus): readonly string[] {
  const { layers, repairs, foreignRules, readerConnected } = interception;
  const states = Object.values(layers);
  const isWell =
    states.length > 0 &&
    !states.includes(false) &&
    Object.keys(repairs).length === 0 &&
    foreignRules === 0 &&
    readerConnected !== false;
  // Agents that do not print the skew still log it.
  const logsSkew = server !== undefined && server.clockSkewMs === undefined;
  return [...(isWell ? [] : ['reconcile']), ...(logsSkew ? ['agent'] : [])];
}
