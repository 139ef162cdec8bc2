import { record } from '@rolegate/runtime';
import type { V1Namespace } from '../answers/objects.ts';
import { readAgentStatus } from '../answers/agent-status.ts';
import type { AgentPod, AgentStatus } from '../answers/agent-status.ts';
import type { Answer } from '../answers/answer.ts';
import { readServerRole } from '../answers/server-role.ts';
import type { ServerRole } from '../answers/server-role.ts';
import { readServerStatus } from '../answers/server-status.ts';
import type { ServerSession, ServerStatus } from '../answers/server-status.ts';
import { ask, askAll } from '../cluster/ask.ts';
import type { Asking } from '../cluster/ask.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { listPages } from '../cluster/pages.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { Output } from '../output/output.ts';
import { cutRule, PERMITS } from './roles.ts';
import type { RoleSources } from './roles.ts';

export interface ReadSources extends Asking {
  readonly pods: readonly RolegatePod[];
  readonly output: Pick<Output, 'progress'>;
  /** Others are dropped as they come, so that thousands of Pods take no memory. */
  readonly keepsPod: (pod: AgentPod) => boolean;
  readonly keepsSession: (session: ServerSession) => boolean;
}

/** Asks all agents for their Pods and all servers for their sessions. */
export async function readStatuses(given: ReadSources): Promise<Pick<RoleSources, 'agents' | 'servers'>> {
  const agents = await readAgents(given);
  const servers = await readServers(given);
  given.output.progress('');
  return { agents, servers };
}

/** Asks the agents of `pods` for their Pods. */
export async function readAgents({
  pods,
  output,
  keepsPod,
  ...asking
}: Omit<ReadSources, 'keepsSession'>): Promise<RoleSources['agents']> {
  const answers = await askAll(
    pods.filter(({ component }) => component === 'agent'),
    {
      words: ['status', '--json'],
      read: (stdout) => mapped(readAgentStatus(stdout), slimAgent(keepsPod)),
    },
    { ...asking, progress: progressIn(output) },
  );
  return answers.map(({ pod, answer }) => ({ node: pod.node, status: answer }));
}

async function readServers({
  pods,
  output,
  keepsSession,
  ...asking
}: ReadSources): Promise<RoleSources['servers']> {
  const answers = await askAll(
    pods.filter(({ component }) => component === 'server'),
    {
      words: ['status', '--json'],
      read: (stdout) => mapped(readServerStatus(stdout), slimServer(keepsSession)),
    },
    { ...asking, progress: progressIn(output) },
  );
  return answers.map(({ pod, answer }) => ({ pod: `${pod.namespace}/${pod.name}`, status: answer }));
}

function progressIn(output: ReadSources['output']) {
  return (line: string) => {
    output.progress(line);
  };
}

function slimAgent(keeps: ReadSources['keepsPod']) {
  return ({ version, pods, podsLeftOut }: AgentStatus) => ({
    version,
    pods: pods.filter(keeps),
    podsLeftOut,
  });
}

function slimServer(keeps: ReadSources['keepsSession']) {
  return ({ version, sessions, sessionsLeftOut }: ServerStatus) => ({
    version,
    sessions: sessions.filter(keeps),
    sessionsLeftOut,
  });
}

function mapped<From, To>(answer: Answer<From>, change: (value: From) => To): Answer<To> {
  return 'fault' in answer ? answer : { value: change(answer.value) };
}

/** What servers say about a role. */
export type RoleAnswer =
  | Answer<ServerRole>
  /** All servers that answer are older than the question. */
  | 'does not say';

/** Each server knows all Namespaces, so the first that answers counts. */
export async function askAboutRole(
  role: string,
  pods: readonly RolegatePod[],
  asking: Asking,
): Promise<RoleAnswer> {
  const servers = pods.filter(({ component }) => component === 'server');
  const faults: string[] = [];
  for (const server of servers.toSorted((a, b) => Number(b.ready) - Number(a.ready))) {
    const answer = await ask(
      server,
      { words: ['status', `--role=${role}`, '--json'], read: readServerRole },
      asking,
    );
    if ('fault' in answer) faults.push(answer.fault);
    else if ('wrong' in answer.value) return { fault: answer.value.wrong };
    else return { value: answer.value };
  }
  const isOlder = (fault: string) => /unknown flag --role\b/.test(fault);
  if (faults.some(isOlder)) return 'does not say';
  return { fault: faults[0] ?? 'there is no server' };
}

/** The rules of all Namespaces, or of one, page by page. */
export async function readNamespaces(
  connection: Connection,
  {
    namespace,
    signal,
    output,
  }: {
    readonly namespace: string | undefined;
    readonly signal: AbortSignal;
    readonly output: Pick<Output, 'progress'>;
  },
): Promise<RoleSources['namespaces']> {
  try {
    if (namespace !== undefined) {
      const path = `/api/v1/namespaces/${namespace}`;
      const right = { verb: 'get', resource: 'namespaces', namespace };
      return { value: [slimNamespace(await connection.json({ path, right, signal }))] };
    }
    const namespaces: V1Namespace[] = [];
    const right = { verb: 'list', resource: 'namespaces' };
    for await (const { items } of listPages(connection, { path: '/api/v1/namespaces', right, signal })) {
      for (const item of items) namespaces.push(slimNamespace(item));
      output.progress(`read ${namespaces.length} Namespaces`);
    }
    return { value: namespaces };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { fault: explainClusterError(error) };
  }
}

/** Only its name and the rules, cut as they are shown. */
function slimNamespace(object: unknown): V1Namespace {
  const { name, annotations } = record(record(object)['metadata']);
  const all = record(annotations);
  return {
    metadata: {
      name: typeof name === 'string' ? name : '',
      annotations: Object.fromEntries(
        PERMITS.flatMap((key) => {
          const text = all[key];
          return typeof text === 'string' ? [[key, cutRule(text.trim())]] : [];
        }),
      ),
    },
  };
}
