import { record, textOf } from '@rolegate/runtime';
import { atMost } from '../cluster/at-most.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import { listPages } from '../cluster/pages.ts';
import { readPodLog } from '../cluster/pod-log.ts';
import type { OldProgram } from './release/old-program.ts';

/** Logs that are read at once, and the most that is read of each. */
const MOST_AT_ONCE = 8;
const LONGEST_LOG = 64 * 1024 * 1024;

export interface ReadOldLogsDeps {
  readonly connection: Connection;
  readonly sinceMs: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Reads the logs of all Pods of kube2iam, line by line. Returns why some are missing. */
export async function readOldLogs(
  program: OldProgram,
  each: (line: string) => void,
  { connection, sinceMs, signal, progress }: ReadOldLogsDeps,
): Promise<readonly string[]> {
  const { namespace, container } = program;
  const pods = await podsOf(program, connection, signal);
  const inTurn = atMost(MOST_AT_ONCE);
  const missing = new Set<string>();
  let done = 0;
  await Promise.all(
    pods.map((pod) =>
      inTurn(async () => {
        const sinceSeconds = Math.ceil(sinceMs / 1_000);
        const request = {
          namespace,
          pod,
          container,
          follow: false,
          sinceSeconds,
          limitBytes: LONGEST_LOG,
          signal,
        };
        try {
          for await (const lines of readPodLog(connection, request)) for (const { text } of lines) each(text);
        } catch (error) {
          if (!(error instanceof ClusterError)) throw error;
          missing.add(explainClusterError(error));
        }
        done += 1;
        progress(`read ${done} of ${pods.length} logs`);
      }),
    ),
  );
  return [...missing];
}

async function podsOf(
  { namespace, selector }: OldProgram,
  connection: Connection,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const pods = new Set<string>();
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const right = { verb: 'list', resource: 'pods', namespace };
  for await (const { items } of listPages(connection, {
    path,
    query: { labelSelector: selector },
    right,
    signal,
  }))
    for (const item of items) pods.add(textOf(record(record(item)['metadata'])['name']));
  return [...pods];
}
