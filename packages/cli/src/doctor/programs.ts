import type { V1Node } from '../answers/objects.ts';
import { readAgentStatus } from '../answers/agent-status.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import { valueOf } from '../answers/answer.ts';
import type { Answer } from '../answers/answer.ts';
import { readServerStatus } from '../answers/server-status.ts';
import type { ServerStatus } from '../answers/server-status.ts';
import { askAll } from '../cluster/ask.ts';
import type { Asking, Question } from '../cluster/ask.ts';
import { ClusterError, execRight } from '../cluster/cluster-error.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import { clusterFault } from './cluster-fault.ts';
import type { AgentLines } from './agent-lines.ts';
import { isKubeletSilent } from './cluster.ts';
import type { AgentReading, Cluster, ServerReading } from './cluster.ts';

const words = ['status', '--json'];
/** Without the Pods, which nothing here reads: there may be a hundred on each of thousands of nodes. */
const agentQuestion: Question<AgentStatus> = {
  words,
  read(stdout) {
    const answer = readAgentStatus(stdout);
    return 'value' in answer ? { value: { ...answer.value, pods: [] } } : answer;
  },
};
/** Without the nodes of sessions, for the same reason. */
const serverQuestion: Question<ServerStatus> = {
  words,
  read(stdout) {
    const answer = readServerStatus(stdout);
    if ('fault' in answer) return answer;
    const { value } = answer;
    return { value: { ...value, sessions: value.sessions.map((session) => ({ ...session, nodes: [] })) } };
  },
};

export interface ProgramsRequest extends Asking {
  readonly pods: readonly RolegatePod[];
  /** Undefined: not known. */
  readonly nodes: readonly V1Node[] | undefined;
  readonly lines: AgentLines;
  readonly progress: (line: string) => void;
}

/** Asks all agents and servers for their status, and reads the logs of agents that are not well. */
export async function readPrograms(
  request: ProgramsRequest,
): Promise<Pick<Cluster, 'status' | 'logs' | 'agents' | 'servers'>> {
  const { lines, progress, nodes } = request;
  const { pods, status, asking } = await permitted(request);
  const states = nodes && new Map(nodes.map((node) => [node.metadata?.name ?? '', node]));
  const [silent, asked] = split(onePerNode(pods), (pod) => whyNotAsked(pod, states));
  const servers = pods.filter(({ component, phase }) => component === 'server' && !isEnded(phase));
  const serverAnswers = await askAll(servers, serverQuestion, { ...asking, progress: () => undefined });
  const answers = await askAll(asked, agentQuestion, { ...asking, progress });
  let done = 0;
  const agents = await Promise.all(
    answers.map(async ({ pod, answer }): Promise<AgentReading> => {
      const value = valueOf(answer);
      const own = value === undefined ? [] : await lines.read(pod, value);
      done += 1;
      progress(`read the logs of ${done} of ${answers.length} agents`);
      return { node: pod.node, pod: nameOf(pod), status: answer, lines: own };
    }),
  );
  progress('');
  return {
    status,
    logs: lines.access(),
    agents: [...silent, ...agents],
    servers: serverAnswers.map(({ pod, answer }): ServerReading => ({ pod: nameOf(pod), status: answer })),
  };
}

/** The Pods that may be asked: one of each Namespace is asked first, so that a missing right is met once, not at each Pod. */
async function permitted({ pods, exec, signal }: ProgramsRequest) {
  const forbidden = new Set<string>();
  const asking: Asking = {
    signal,
    async exec(program, stop) {
      const outcome = await exec(program, stop);
      if (outcome.kind === 'forbidden') forbidden.add(program.namespace);
      return outcome;
    },
  };
  const running = pods.filter(({ phase }) => phase === 'Running');
  // A server, if there is one, because an agent that hangs would be waited for twice.
  const first = [...Map.groupBy(running, ({ namespace }) => namespace).values()].flatMap(
    (group) => group.find(({ component }) => component === 'server') ?? group[0] ?? [],
  );
  await askAll(first, { words, read: () => ({ value: true }) }, { ...asking, progress: () => undefined });
  const faults = [...forbidden].map((namespace) =>
    clusterFault(new ClusterError('forbidden', execRight(namespace), 'forbidden')),
  );
  const status: Answer<true> = faults.length === 0 ? { value: true } : { fault: faults.join('; ') };
  return { pods: pods.filter(({ namespace }) => !forbidden.has(namespace)), status, asking };
}

/** An upgrade runs two Pods of a DaemonSet on a node: the one that is ready counts. */
function onePerNode(pods: readonly RolegatePod[]): readonly RolegatePod[] {
  const agents = pods.filter(
    ({ component, node, phase }) => component === 'agent' && node !== '' && !isEnded(phase),
  );
  const groups = Map.groupBy(agents, ({ namespace, node }) => `${namespace}/${node}`);
  return [...groups.values()].flatMap(
    (group) =>
      group.find(({ ready }) => ready) ?? group.find(({ phase }) => phase === 'Running') ?? group[0] ?? [],
  );
}

function isEnded(phase: string): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Each of these would take 5 s. */
function whyNotAsked(
  { node }: RolegatePod,
  nodes: ReadonlyMap<string, V1Node> | undefined,
): string | undefined {
  // A list without any node, as of the sandbox, does not say that one is gone.
  if (nodes === undefined || nodes.size === 0) return undefined;
  const known = nodes.get(node);
  if (known === undefined) return 'not asked, because there is no such node';
  return isKubeletSilent(known) ? 'not asked, because its node is NotReady' : undefined;
}

function split(
  pods: readonly RolegatePod[],
  why: (pod: RolegatePod) => string | undefined,
): readonly [silent: readonly AgentReading[], asked: readonly RolegatePod[]] {
  const silent = pods.flatMap((pod): AgentReading[] => {
    const fault = why(pod);
    return fault === undefined ? [] : [{ node: pod.node, pod: nameOf(pod), status: { fault }, lines: [] }];
  });
  return [silent, pods.filter((pod) => why(pod) === undefined)];
}

function nameOf({ namespace, name }: RolegatePod): string {
  return `${namespace}/${name}`;
}
