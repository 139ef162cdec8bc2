import type { Answer } from '../answers/answer.ts';
import type { Connection } from '../cluster/connection.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { readPodLog } from '../cluster/pod-log.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import { fieldsOf } from '../logs/entry.ts';
import { faultText } from './fault-text.ts';
import { refusalsOf } from './refusals.ts';
import type { RecentRefusal, RefusedPod } from './refusals.ts';

/** The container that answers Pods. */
const CONTAINER = 'agent';
const SINCE_SECONDS = 3_600;
const TAIL_LINES = 2_000;
/** More than 2,000 lines have, unless they are cut to 2 kB each. Bytes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A line of `--log-format text`, which is for people. */
const AS_TEXT = /^\d{4}-\d\d-\d\dT\S+ (DEBUG|INFO|WARN|ERROR) /;

/** The refusals of the Pod in the last hour, among the newest lines of its node's agents. */
export async function readRefusals(
  connection: Connection,
  agents: readonly RolegatePod[],
  refused: RefusedPod,
  signal: AbortSignal,
): Promise<Answer<readonly RecentRefusal[]>> {
  try {
    const all = await Promise.all(agents.map((agent) => readOne(connection, agent, refused, signal)));
    return { value: refusalsOf(all.flat().toSorted(byTime), refused) };
  } catch (error) {
    return { fault: faultText(error) };
  }
}

type LogFields = NonNullable<ReturnType<typeof fieldsOf>>;

/** Only lines with one of the Pod's names are parsed. */
async function readOne(
  connection: Connection,
  { namespace, name: pod }: RolegatePod,
  { name, ips }: RefusedPod,
  signal: AbortSignal,
): Promise<readonly LogFields[]> {
  const lines: LogFields[] = [];
  let isText = false;
  const words = [name, ...ips].map((word) => JSON.stringify(word));
  const log = readPodLog(connection, {
    namespace,
    pod,
    container: CONTAINER,
    follow: false,
    sinceSeconds: SINCE_SECONDS,
    tailLines: TAIL_LINES,
    limitBytes: MOST_BYTES,
    signal,
  });
  try {
    for await (const batch of log)
      for (const { text } of batch) {
        isText ||= AS_TEXT.test(text);
        const fields = words.some((word) => text.includes(word)) ? fieldsOf(text) : undefined;
        if (fields !== undefined) lines.push(fields);
      }
  } catch (error) {
    // Its container has not started yet, so that it has refused nobody.
    if (error instanceof ClusterError && ['bad request', 'not found'].includes(error.fault)) return lines;
    throw error;
  }
  if (isText && lines.length === 0)
    throw new Error('the agent logs text for people, not JSON (--log-format)');
  return lines;
}

function byTime(a: LogFields, b: LogFields): number {
  return String(a['time']) < String(b['time']) ? -1 : 1;
}
