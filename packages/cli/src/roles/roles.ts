import type { V1Namespace } from '../answers/objects.ts';
import type { AgentPod, AgentStatus } from '../answers/agent-status.ts';
import { faultOf, valueOf } from '../answers/answer.ts';
import type { Answer } from '../answers/answer.ts';
import type { ServerSession, ServerStatus } from '../answers/server-status.ts';

/** The annotations of Namespaces that permit roles. */
export const PERMITS = ['iam.amazonaws.com/permitted', 'iam.amazonaws.com/allowed-roles'];
/** Agents or servers in a line about what is missing. */
const MOST_NAMED = 3;
/** Longer rules are cut. Characters. */
const LONGEST_RULE = 200;

/** Where `roles` and `who` learn what Pods have. */
export interface RoleSources {
  readonly agents: readonly {
    readonly node: string;
    readonly status: Answer<Pick<AgentStatus, 'pods' | 'podsLeftOut'>>;
  }[];
  readonly servers: readonly {
    readonly pod: string;
    readonly status: Answer<Pick<ServerStatus, 'sessions' | 'sessionsLeftOut'>>;
  }[];
  readonly namespaces: Answer<readonly V1Namespace[]>;
}

/** A Pod that has a role or asks for one. */
export interface RoleRow {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly serviceAccount: string | undefined;
  /** The ARN of a permitted role, or the name of a refused one. */
  readonly role: string;
  readonly session: string | undefined;
  /** `ok`, or why the Pod does not get it. */
  readonly state: string;
  readonly note: string | undefined;
  readonly remainingMinutes: number | undefined;
  /** The rules of its Namespace, as annotated; undefined: the Namespace cannot be read. */
  readonly rules: readonly string[] | undefined;
}

/** One session, whichever replicas know it. */
export interface SessionRow {
  readonly role: string;
  readonly session: string;
  readonly state: string;
  readonly reason: string | undefined;
  readonly remainingSeconds: number | undefined;
  readonly nextInSeconds: number | undefined;
  readonly nodes: number;
}

/** Also the JSON of `roles`. */
export interface Roles {
  readonly pods: readonly RoleRow[];
  readonly sessions: readonly SessionRow[];
  /** Sessions that the servers left out of their answers, and nodes and servers that did not answer. */
  readonly incomplete: readonly string[];
}

/** `namespace` undefined: all. Sessions belong to no Namespace: with one, only those of its Pods are listed. */
export function rolesOf(sources: RoleSources, namespace?: string): Roles {
  const rules = rulesByNamespace(sources.namespaces);
  const pods = sources.agents
    .flatMap(({ node, status }) => (valueOf(status)?.pods ?? []).flatMap((pod) => rowOf(pod, node, rules)))
    .filter((row) => namespace === undefined || row.namespace === namespace)
    .toSorted(byPod);
  const asked = new Set(pods.map(({ role, session }) => key(role, session ?? '')));
  const sessions = sessionsOf(sources).filter(
    (one) => namespace === undefined || asked.has(key(one.role, one.session)),
  );
  return { pods, sessions, incomplete: incompleteOf(sources) };
}

function rowOf(pod: AgentPod, node: string, rules: RulesOf): readonly RoleRow[] {
  const { namespace, name, serviceAccount, role, sessionName, state, note, remainingMinutes } = pod;
  if (role === undefined) return [];
  return [
    {
      namespace,
      pod: name,
      node,
      serviceAccount,
      role,
      session: sessionName,
      state,
      note,
      remainingMinutes,
      rules: rules(namespace),
    },
  ];
}

/** Of replicas that know the same session, the one that has most to tell counts. */
function sessionsOf({ servers }: RoleSources): readonly SessionRow[] {
  const all = servers.flatMap(({ status }) => valueOf(status)?.sessions ?? []);
  const groups = Map.groupBy(all, ({ role, sessionName }) => key(role, sessionName));
  return [...groups.values()].flatMap(merged).toSorted(bySession);
}

function merged(same: readonly ServerSession[]): readonly SessionRow[] {
  const [best] = same.toSorted((a, b) => (b.remainingSeconds ?? -1) - (a.remainingSeconds ?? -1));
  if (best === undefined) return [];
  return [
    {
      role: best.role,
      session: best.sessionName,
      state: best.state,
      reason: best.reason ?? same.find(({ reason }) => reason !== undefined)?.reason,
      remainingSeconds: best.remainingSeconds,
      nextInSeconds: best.nextInSeconds,
      nodes: new Set(same.flatMap(({ nodes }) => nodes)).size,
    },
  ];
}

/** What is missing in the answers, one line for each cause. */
export function incompleteOf({ agents, servers, namespaces }: RoleSources): readonly string[] {
  const noNamespaces = faultOf(namespaces);
  const leftOut = (many: number | undefined, what: string) =>
    many === undefined || many === 0 ? [] : [what.replace('#', String(many))];
  return [
    ...(agents.length === 0 ? ['there is no agent that knows what Pods have'] : []),
    ...silenceOf([
      ...agents.map(({ node, status }) => ({ who: `the agent of ${node}`, fault: faultOf(status) })),
      ...servers.map(({ pod, status }) => ({ who: `server ${pod}`, fault: faultOf(status) })),
    ]),
    ...agents.flatMap(({ node, status }) =>
      leftOut(valueOf(status)?.podsLeftOut, `# Pods of ${node} are left out`),
    ),
    ...servers.flatMap(({ pod, status }) =>
      leftOut(valueOf(status)?.sessionsLeftOut, `server ${pod} left out # sessions`),
    ),
    ...(noNamespaces === undefined ? [] : [`Namespaces cannot be read: ${noNamespaces}`]),
  ];
}

/** One line for all that fail for the same reason, such as a missing right. */
function silenceOf(all: readonly { readonly who: string; readonly fault: string | undefined }[]) {
  const failed = all.flatMap(({ who, fault }) => (fault === undefined ? [] : [{ who, fault }]));
  return [...Map.groupBy(failed, ({ fault }) => fault)].map(([fault, same]) => {
    const named = same.slice(0, MOST_NAMED).map(({ who }) => who);
    const more = same.length - named.length;
    const verb = same.length === 1 ? 'does not answer' : 'do not answer';
    return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''} ${verb}: ${fault}`;
  });
}

type RulesOf = (namespace: string) => readonly string[] | undefined;

/** The annotations that permit roles, as they are written: which role they permit is for the server to say. */
export function rulesByNamespace(namespaces: Answer<readonly V1Namespace[]>): RulesOf {
  const known = new Map(
    (valueOf(namespaces) ?? []).map(({ metadata }) => [
      metadata?.name ?? '',
      PERMITS.flatMap((annotation) => {
        const text = metadata?.annotations?.[annotation]?.trim() ?? '';
        return text === '' ? [] : [`${annotation}: ${cutRule(text)}`];
      }),
    ]),
  );
  return (namespace) => known.get(namespace);
}

export function cutRule(text: string): string {
  return text.length > LONGEST_RULE ? `${text.slice(0, LONGEST_RULE)}…` : text;
}

function key(role: string, session: string): string {
  return JSON.stringify([role, session]);
}

function byPod(a: RoleRow, b: RoleRow): number {
  return a.namespace.localeCompare(b.namespace) || a.pod.localeCompare(b.pod);
}

function bySession(a: SessionRow, b: SessionRow): number {
  return a.role.localeCompare(b.role) || a.session.localeCompare(b.session);
}
