import { readAgentStatus } from '../../answers/agent-status.ts';
import { askAll } from '../../cluster/ask.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { findRolegatePods } from '../../cluster/find-rolegate-pods.ts';
import type { Output } from '../../output/output.ts';

/** What Pods have asked Rolegate's agents for credentials with. */
export interface SeenClients {
  readonly byUid: ReadonlyMap<string, readonly string[]>;
  /** Why some are not known. */
  readonly missing: readonly string[];
}

export interface ReadClientsRequest {
  readonly namespace: string | undefined;
  readonly output: Pick<Output, 'note' | 'progress'>;
  readonly signal: AbortSignal;
}

/** Asks the agents of all nodes. Without agents, nothing is known, and nothing is missing. */
export async function readClients(
  { connection, exec }: Pick<Cluster, 'connection' | 'exec'>,
  { namespace, output, signal }: ReadClientsRequest,
): Promise<SeenClients> {
  const note = (line: string) => {
    output.note(line);
  };
  const found = await findRolegatePods(connection, { namespace, signal, note });
  const agents = found.pods.filter(({ component }) => component === 'agent');
  const question = { words: ['status', '--json'], read: readAgentStatus };
  const answers = await askAll(agents, question, {
    exec,
    signal,
    progress: (line) => {
      output.progress(line);
    },
  });
  const byUid = new Map<string, readonly string[]>();
  const silent = new Map<string, number>();
  for (const { answer } of answers) {
    const fault = 'fault' in answer ? answer.fault : unsaid(answer.value.pods);
    if (fault !== undefined) silent.set(fault, (silent.get(fault) ?? 0) + 1);
    if ('fault' in answer) continue;
    for (const { uid, clients = [] } of answer.value.pods) if (clients.length > 0) byUid.set(uid, clients);
  }
  const missing = [...silent].map(
    ([fault, count]) => `the SDKs that ${count} of ${agents.length} agents have seen: ${fault}`,
  );
  missing.forEach(note);
  return { byUid, missing };
}

/** An agent that does not say with what its Pods ask. */
function unsaid(pods: readonly { readonly clients: readonly string[] | undefined }[]): string | undefined {
  return pods.some(({ clients }) => clients === undefined) ? 'their version does not tell' : undefined;
}
