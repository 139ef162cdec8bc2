import type { V1Pod } from '../answers/objects.ts';
import type { AgentExplanation } from '../answers/agent-explanation.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import type { Answer } from '../answers/answer.ts';
import { valueOf } from '../answers/answer.ts';
import type { ServerDecision, ServerExplanation } from '../answers/server-explanation.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { RecentRefusal } from './refusals.ts';

/** Everything that was read about one Pod. */
export interface Evidence {
  /** NAMESPACE/NAME. */
  readonly name: string;
  /** Or why it cannot be read. */
  readonly pod: Answer<V1Pod>;
  /** Undefined unless the API server says that there is no such Pod. */
  readonly absence: Absence | undefined;
  /** False: no Pod of Rolegate is in any Namespace. */
  readonly isInstalled: boolean;
  readonly server: Answer<ServerExplanation>;
  /** Servers that did not answer. */
  readonly silentServers: readonly { readonly name: string; readonly fault: string }[];
  /** Agents on the Pod's node, the best first; undefined: not known. */
  readonly agents: readonly AgentPod[] | undefined;
  readonly agent: Answer<AgentExplanation>;
  readonly agentStatus: Answer<AgentStatus>;
  /** From the logs of the node's agents, the newest last. */
  readonly refusals: Answer<readonly RecentRefusal[]>;
  /** The names of variables that the Pod imports, by `Secret NAME` or `ConfigMap NAME`. */
  readonly imported: Imported;
}

export type AgentPod = Pick<RolegatePod, 'namespace' | 'name' | 'phase' | 'ready'>;

export type Imported = Readonly<Record<string, Answer<readonly string[]>>>;

/** What is known if there is no such Pod. */
export interface Absence {
  /** True: there is no such Namespace either. */
  readonly isNamespaceMissing: boolean;
  /** NAMESPACE/NAME of Pods that may be meant. */
  readonly near: readonly string[];
}

/** The server's explanation, if it knows the Pod. */
export function serverView({ server }: Evidence): ServerExplanation | undefined {
  const explained = valueOf(server);
  return explained?.decision === undefined ? undefined : explained;
}

/** The server's decision, or the one that the agent has from it if no server knows the Pod. */
export function decisionOf(evidence: Evidence): ServerDecision | undefined {
  const decision = serverView(evidence)?.decision;
  if (decision !== undefined) return decision;
  const explained = valueOf(evidence.agent);
  if (explained?.pod === undefined) return undefined;
  const { state, note, role, sessionName } = explained.pod;
  const isDenied = DECIDED.has(state);
  return {
    kind: isDenied ? 'deny' : state === 'Pending' && role === undefined ? 'pending' : 'allow',
    reason: isDenied || (state === 'Pending' && role === undefined) ? state : undefined,
    message: isDenied || state === 'Pending' ? note?.replace(/^waiting for /, '') : undefined,
    meaning: explained.meaning,
    remedy: explained.remedy,
    role,
    sessionName,
    durationSeconds: undefined,
  };
}

/** Reasons of a deny. All others are about credentials, which an allow needs. */
const DECIDED: ReadonlySet<string> = new Set([
  'NoRole',
  'BadAnnotation',
  'NamespaceDenied',
  'BadNamespaceRule',
  'OutsideCeiling',
  'MetadataDenied',
  'HostNetwork',
  'StaticPod',
]);

/** True if the agent's state of a Pod is what STS, or the server about STS, has told it. */
export function isOfSts(state: string): boolean {
  return state.startsWith('Sts') || state === 'ServerCredentials';
}
