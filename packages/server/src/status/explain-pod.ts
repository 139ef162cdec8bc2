import { reasons } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import type { ConnectedAgent } from '../feed/connected-agents.ts';
import type { Annotations, Pod } from '../kubernetes/objects/objects.ts';
import type { PermittingEntry, Verdict } from '../policy/decide.ts';
import { sessionId } from '../session/session.ts';
import type { ServerReadings } from './readings.ts';
import { sessionRow } from './session-rows.ts';
import type { SessionRow } from './session-rows.ts';

/** Everything on which the decision on one Pod depends. */
export interface PodExplanation {
  readonly pod: string;
  readonly uid: string;
  readonly node: string;
  readonly serviceAccount: string;
  readonly ips: readonly string[];
  /** What distinguishes it from an ordinary Pod, e.g. the host network. */
  readonly traits: readonly string[];
  /** The annotations that are read; undefined if the object does not exist. */
  readonly annotations: {
    readonly pod: Annotations;
    readonly serviceAccount: Annotations | undefined;
    readonly namespace: Annotations | undefined;
  };
  readonly settings: {
    readonly roleBaseArn: string | undefined;
    readonly roleCeiling: readonly string[];
    readonly namespacePolicy: string;
    readonly defaultRole: string | undefined;
  };
  /** What is wrong with the Namespace's annotations. */
  readonly namespaceRuleFault: string | undefined;
  readonly decision: DecisionFacts;
  /** The Namespace's rule that permits the role; undefined: none does, or no role is permitted. */
  readonly permittedBy: PermittingEntry | undefined;
  /** Undefined if no session is needed, or none of this replica's nodes needs it. */
  readonly session: SessionRow | undefined;
  /** Undefined if the node's agent is not connected to this replica. */
  readonly agent:
    | {
        readonly version: string;
        readonly connectedForSeconds: number;
        readonly servesContainerCredentials: boolean;
      }
    | undefined;
}

export interface DecisionFacts {
  readonly kind: 'allow' | 'deny' | 'pending';
  readonly reason: Reason | undefined;
  /** Why, or what is waited for. */
  readonly message: string | undefined;
  readonly meaning: string | undefined;
  readonly remedy: string | undefined;
  readonly role: string | undefined;
  readonly sessionName: string | undefined;
  readonly durationSeconds: number | undefined;
  readonly externalId: string | undefined;
  readonly sourceIdentity: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** Explains the decision on one Pod. */
export function explainPod(pod: Pod, readings: ServerReadings): PodExplanation {
  const { config, cluster, agents, decisions, sessions } = readings;
  const { verdict } = decisions.decide(pod);
  const { decision, namespaceRuleFault } = verdict;
  const id = decision.kind === 'allow' ? sessionId(decision.session) : undefined;
  const summary = sessions.summaries().find((session) => session.id === id);
  const agent = agents.get(pod.nodeName);
  return {
    pod: `${pod.namespace}/${pod.name}`,
    uid: pod.uid,
    node: pod.nodeName,
    serviceAccount: pod.serviceAccount,
    ips: pod.ips,
    traits: traitsOf(pod),
    annotations: {
      pod: pod.annotations,
      serviceAccount: cluster.serviceAccounts.get(`${pod.namespace}/${pod.serviceAccount}`)?.annotations,
      namespace: cluster.namespaces.get(pod.namespace)?.annotations,
    },
    settings: {
      roleBaseArn: readings.roleBaseArn(),
      roleCeiling: config.roles.ceilings,
      namespacePolicy: config.roles.namespacePolicy,
      defaultRole: config.roles.defaultRole,
    },
    namespaceRuleFault,
    decision: factsOf(decision),
    permittedBy: permittingEntry(pod, decision, readings),
    session: summary && sessionRow(summary),
    agent: agent && agentOf(agent, readings),
  };
}

function permittingEntry(
  { namespace }: Pod,
  decision: Verdict['decision'],
  { cluster, permittedBy }: ServerReadings,
): PermittingEntry | undefined {
  const annotations = cluster.namespaces.get(namespace)?.annotations;
  if (decision.kind !== 'allow' || annotations === undefined) return undefined;
  return permittedBy(decision.roleArn, { name: namespace, annotations });
}

function traitsOf(pod: Pod): readonly string[] {
  return [
    ...(pod.hostNetwork ? ['on the host network'] : []),
    ...(pod.staticPod ? ['static'] : []),
    ...(pod.terminating ? ['terminating'] : []),
    ...(pod.ended ? ['its containers have ended'] : []),
  ];
}

function agentOf({ node, version, sinceMs }: ConnectedAgent, { clock, servingNodes }: ServerReadings) {
  return {
    version,
    connectedForSeconds: Math.floor((clock.monotonic() - sinceMs) / 1000),
    servesContainerCredentials: servingNodes.serves(node),
  };
}

function factsOf(decision: Verdict['decision']): DecisionFacts {
  const { kind } = decision;
  if (kind === 'allow') {
    const { roleArn, session, auditWould } = decision;
    const { sessionName, durationSeconds, externalId, sourceIdentity } = session;
    const would = auditWould && `enforce would refuse: ${auditWould.reason}: ${auditWould.message}`;
    const requested = { sessionName, durationSeconds, externalId, sourceIdentity };
    return {
      kind,
      ...reasonOf(undefined),
      message: would,
      role: roleArn,
      ...requested,
      tags: tagsOf(session.tags),
    };
  }
  if (kind === 'pending') return { ...NO_SESSION, kind, ...reasonOf('Pending'), message: decision.waitsFor };
  const { reason, message, roleName } = decision;
  return { ...NO_SESSION, kind, ...reasonOf(reason), message, role: roleName };
}

const NO_SESSION = {
  role: undefined,
  sessionName: undefined,
  durationSeconds: undefined,
  externalId: undefined,
  sourceIdentity: undefined,
  tags: undefined,
};

function reasonOf(reason: Reason | undefined) {
  const entry = reason && reasons[reason];
  return { reason, meaning: entry?.meaning, remedy: entry?.remedy };
}

function tagsOf(tags: readonly (readonly [string, string])[]): Readonly<Record<string, string>> | undefined {
  return tags.length === 0 ? undefined : Object.fromEntries(tags);
}
