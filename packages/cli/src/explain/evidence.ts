import type { V1Pod } from '../answers/objects.ts';
import { textOf } from '@rolegate/runtime';
import type { AgentExplanation } from '../answers/agent-explanation.ts';
import type { AgentStatus } from '../answers/agent-status.ts';
import type { Answer } from '../answers/answer.ts';
import { valueOf } from '../answers/answer.ts';
import { text } from '../answers/fields.ts';
import type { ServerDecision, ServerExplanation } from '../answers/server-explanation.ts';

/** Everything that was read about one Pod. */
export interface Evidence {
  /** NAMESPACE/NAME. */
  readonly name: string;
  /** Or why it cannot be read. */
  readonly pod: Answer<V1Pod>;
  readonly server: Answer<ServerExplanation>;
  /** Whether an agent runs on the Pod's node; undefined: not known. */
  readonly agentOnNode: boolean | undefined;
  readonly agent: Answer<AgentExplanation>;
  readonly agentStatus: Answer<AgentStatus>;
  /** The newest last. */
  readonly refusals: readonly RecentRefusal[];
}

/** A refusal of this Pod, from the log of its node's agent. */
export interface RecentRefusal {
  readonly time: string;
  readonly reason: string;
  /** Method and route, as logged. */
  readonly asked: string;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

/** The refusals of one Pod among the log lines of its node's agent. */
export function refusalsOf(
  lines: readonly Readonly<Record<string, unknown>>[],
  { namespace, name }: { readonly namespace: string; readonly name: string },
): readonly RecentRefusal[] {
  return lines
    .filter((line) => line['namespace'] === namespace && line['pod'] === name)
    .flatMap((line) => refusalOf(line) ?? []);
}

function refusalOf(line: Readonly<Record<string, unknown>>): RecentRefusal | undefined {
  const { msg, reason, status } = line;
  if (msg !== 'request refused' || typeof reason !== 'string') return undefined;
  return {
    time: textOf(line['time']),
    reason,
    asked: [textOf(line['method']), textOf(line['route'])].filter((word) => word !== '').join(' '),
    status: typeof status === 'number' ? status : undefined,
    detail: detailOf(line),
    hint: text(line['hint']),
  };
}

function detailOf(line: Readonly<Record<string, unknown>>): string | undefined {
  const waitedFor = text(line['waitedFor']);
  return text(line['detail']) ?? (waitedFor === undefined ? undefined : `waited for ${waitedFor}`);
}

/** The server's decision, or the one that the agent has from it if no server answers. */
export function decisionOf({ server, agent }: Evidence): ServerDecision | undefined {
  const decision = valueOf(server)?.decision;
  if (decision !== undefined) return decision;
  const explained = valueOf(agent);
  if (explained?.pod === undefined) return undefined;
  const { state, note, role, sessionName } = explained.pod;
  return {
    kind: state === 'ok' ? 'allow' : DECIDED.has(state) ? 'deny' : state === 'Pending' ? 'pending' : 'allow',
    reason: state === 'ok' || !(DECIDED.has(state) || state === 'Pending') ? undefined : state,
    message: note,
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
