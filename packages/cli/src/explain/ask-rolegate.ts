import { pickAgentExplanation, readAgentExplanations } from '../answers/agent-explanation.ts';
import type { AgentExplanation } from '../answers/agent-explanation.ts';
import { readAgentStatus } from '../answers/agent-status.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import { faultOf, valueOf } from '../answers/answer.ts';
import type { Answer } from '../answers/answer.ts';
import { readServerExplanations } from '../answers/server-explanation.ts';
import type { ServerExplanation } from '../answers/server-explanation.ts';
import { ask, askAll } from '../cluster/ask.ts';
import type { Asking } from '../cluster/ask.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { Output } from '../output/output.ts';

/** Agents of one node that are asked: while it is upgraded, it has two. */
const MOST_AGENTS = 3;

export interface AskedServers {
  readonly answers: readonly Answer<readonly ServerExplanation[]>[];
  /** Those that did not answer. */
  readonly silent: readonly { readonly name: string; readonly fault: string }[];
}

/** `name`: NAMESPACE/NAME of the Pod to explain. */
export async function askServers(
  name: string,
  servers: readonly RolegatePod[],
  { output, ...asking }: Asking & { readonly output: Pick<Output, 'progress'> },
): Promise<AskedServers> {
  const progress = (line: string) => {
    output.progress(line);
  };
  const question = { words: ['status', `--pod=${name}`, '--json'], read: readServerExplanations };
  const all = await askAll(servers, question, { ...asking, progress });
  return {
    answers: all.map(({ answer }) => answer),
    silent: all.flatMap(({ pod, answer }) => {
      const fault = faultOf(answer);
      return fault === undefined ? [] : [{ name: pod.name, fault }];
    }),
  };
}

interface AskedAgent {
  readonly agent: Answer<AgentExplanation>;
  readonly agentStatus: Answer<AgentStatus>;
}

/** The answers of the agent of the node that can say most. */
export async function askAgents(
  name: string,
  { agents, uid }: { readonly agents: readonly RolegatePod[]; readonly uid: string | undefined },
  asking: Asking,
): Promise<AskedAgent> {
  const all = await Promise.all(
    agents.slice(0, MOST_AGENTS).map((pod) => askAgent(name, { pod, uid }, asking)),
  );
  const [best] = all.toSorted((a, b) => knowledge(b) - knowledge(a));
  const none = { fault: 'no agent runs on the node' };
  return best ?? { agent: none, agentStatus: none };
}

async function askAgent(
  name: string,
  { pod, uid }: { readonly pod: RolegatePod; readonly uid: string | undefined },
  asking: Asking,
): Promise<AskedAgent> {
  const about = { words: ['status', `--pod=${name}`, '--json'], read: readAgentExplanations };
  const [explanations, agentStatus] = await Promise.all([
    ask(pod, about, asking),
    ask(pod, { words: ['status', '--json'], read: readAgentStatus }, asking),
  ]);
  return { agent: pickAgentExplanation(explanations, uid), agentStatus };
}

function knowledge({ agent, agentStatus }: AskedAgent): number {
  return [valueOf(agent), valueOf(agentStatus), valueOf(agent)?.pod].filter((each) => each !== undefined)
    .length;
}
