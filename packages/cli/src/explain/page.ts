import { faultOf, valueOf } from '../answers/answer.ts';
import { agentLink } from './agent-link.ts';
import { decisionLinks } from './decision-links.ts';
import { environmentLink } from './environment.ts';
import { decisionOf, serverView } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { stepAfter } from './fault-text.ts';
import { interceptionLink } from './interception-link.ts';
import { link, linkNames } from './link.ts';
import type { Link, LinkName, NextStep } from './link.ts';
import { nodeOf } from './obstacle.ts';
import type { RecentRefusal } from './refusals.ts';
import { sessionLinks } from './session-links.ts';

/** The newest kinds of refusals that the page shows. */
const MOST_REFUSALS = 5;

/** Why a Pod gets its role, or where the chain breaks. Also the JSON of `explain`. */
export interface Page extends NextStep {
  readonly pod: string;
  readonly uid: string | undefined;
  readonly node: string | undefined;
  /** ARN of the role that it is allowed, or the name of the refused one. */
  readonly role: string | undefined;
  /** `allow`, `deny` or `pending`; undefined: nobody's decision is known. */
  readonly decision: string | undefined;
  /** Who says so. */
  readonly decidedBy: 'server' | 'agent' | undefined;
  /** Why it is not the server's. */
  readonly serverFault: string | undefined;
  /** If nobody knows the Pod, only the first. */
  readonly links: readonly Link[];
  /** The first broken link; undefined: none. */
  readonly broken: LinkName | undefined;
  /** One line: what is broken, or that nothing is. */
  readonly verdict: string;
  /** In the last hour, the newest last. */
  readonly refusals: readonly RecentRefusal[];
  /** Why they are not known. */
  readonly refusalsFault: string | undefined;
}

/** Puts together what server and agent say. Decides nothing that the server decides. */
export function explainPage(evidence: Evidence): Page {
  const { pod, server, refusals } = evidence;
  const decision = decisionOf(evidence);
  const isByServer = serverView(evidence) !== undefined;
  const isUnknown = evidence.absence !== undefined && decision === undefined;
  const all = linksOf(evidence);
  const links = isUnknown ? all.slice(0, 1) : all;
  const told = worst(links);
  return {
    pod: evidence.name,
    uid: valueOf(pod)?.metadata?.uid ?? valueOf(server)?.uid,
    node: nodeOf(evidence),
    role: decision?.role,
    decision: decision?.kind,
    decidedBy: decision === undefined ? undefined : isByServer ? 'server' : 'agent',
    serverFault: isByServer
      ? undefined
      : (faultOf(server) ?? (isUnknown ? undefined : 'the servers do not know the Pod')),
    links,
    broken: links.find(({ state }) => state === 'broken')?.name,
    verdict: `${verdictOf(told, decision?.role)}${alsoBroken(links, told)}`,
    next: told?.next,
    commands: told?.commands ?? [],
    refusals: valueOf(refusals)?.slice(-MOST_REFUSALS) ?? [],
    refusalsFault: isUnknown ? undefined : faultOf(refusals),
  };
}

function linksOf(evidence: Evidence): readonly Link[] {
  const { imported } = evidence;
  const pod = valueOf(evidence.pod);
  return [
    ...decisionLinks(evidence),
    ...sessionLinks(evidence),
    agentLink(evidence),
    interceptionLink(evidence),
    pod === undefined
      ? unreadEnvironment(evidence)
      : environmentLink(pod, { imported, byToken: isByToken(evidence) }),
  ];
}

function unreadEnvironment({ pod, absence }: Evidence): Link {
  const fault = faultOf(pod) ?? '';
  if (absence !== undefined) return link('environment', 'unreached', 'not reached');
  return link('environment', 'unknown', `the Pod cannot be read: ${fault}`, stepAfter(fault, {}));
}

/** True if only its ServiceAccount token gets the Pod its credentials: the metadata API refuses it whatever the decision is. */
function isByToken(evidence: Evidence): boolean {
  if (decisionOf(evidence)?.kind !== 'allow') return false;
  const { answers, byToken } = valueOf(evidence.agent) ?? {};
  const isRefused = answers?.credentials?.startsWith('403') === true && byToken?.startsWith('200') === true;
  return isRefused || valueOf(evidence.pod)?.spec?.hostNetwork === true;
}

/**
 * The first broken link, else the first unknown one, else the first warning. If the agent serves the Pod, what is not known of the
 * links before it does not count.
 */
function worst(links: readonly Link[]): Link | undefined {
  const agent = links.find(({ name }) => name === 'agent');
  const isServed = agent?.state === 'ok' || agent?.state === 'warning';
  const from = isServed ? linkNames.indexOf('agent') : 0;
  return (
    links.find(({ state }) => state === 'broken') ??
    links.find(({ state, name }) => state === 'unknown' && linkNames.indexOf(name) >= from) ??
    links.find(({ state }) => state === 'warning') ??
    links.find(({ state }) => state === 'unknown')
  );
}

function alsoBroken(links: readonly Link[], told: Link | undefined): string {
  const others = links.filter((one) => one !== told && one.state === 'broken').map(({ name }) => name);
  return others.length === 0 ? '' : `; also broken: ${others.join(', ')}`;
}

function verdictOf(told: Link | undefined, role: string | undefined): string {
  switch (told?.state) {
    case 'broken':
      return `broken at ${told.name}: ${told.says}`;
    case 'unknown':
      return `not known: ${told.name}: ${told.says}`;
    case 'warning':
      return `works, with a warning: ${told.name}: ${told.says}`;
    case 'ok':
    case 'unreached':
    case undefined:
      return `nothing is broken: the Pod gets ${role ?? 'its role'}`;
  }
}
