import { valueOf } from '../answers/answer.ts';
import { agentLink, interceptionLink } from './agent-links.ts';
import { decisionLinks } from './decision-links.ts';
import { environmentLink } from './environment.ts';
import { decisionOf } from './evidence.ts';
import type { Evidence, RecentRefusal } from './evidence.ts';
import type { Link, LinkName } from './link.ts';
import { sessionLinks } from './session-links.ts';

/** The newest refusals that the page shows. */
const MOST_REFUSALS = 5;

/** Why a Pod gets its role, or where the chain breaks. Also the JSON of `explain`. */
export interface Page {
  readonly pod: string;
  readonly uid: string | undefined;
  readonly node: string | undefined;
  readonly role: string | undefined;
  readonly links: readonly Link[];
  /** The first broken link; undefined: none. */
  readonly broken: LinkName | undefined;
  /** One line: what is broken, or that nothing is. */
  readonly verdict: string;
  /** What to do next; undefined: nothing. */
  readonly next: string | undefined;
  /** The newest last. */
  readonly refusals: readonly RecentRefusal[];
}

/** Puts together what server and agent say. Decides nothing that the server decides. */
export function explainPage(evidence: Evidence): Page {
  const pod = valueOf(evidence.pod);
  const explained = valueOf(evidence.server);
  // The metadata API refuses it whatever the decision is.
  const byToken = pod?.spec?.hostNetwork === true && decisionOf(evidence)?.kind === 'allow';
  const links = [
    ...decisionLinks(evidence),
    ...sessionLinks(evidence),
    agentLink(evidence),
    interceptionLink(evidence),
    environmentLink(pod, byToken),
  ];
  const told = worst(links);
  return {
    pod: evidence.name,
    uid: pod?.metadata?.uid ?? explained?.uid,
    node: pod?.spec?.nodeName ?? explained?.node,
    role: decisionOf(evidence)?.role,
    links,
    broken: links.find(({ state }) => state === 'broken')?.name,
    verdict: `${verdictOf(told, decisionOf(evidence)?.role)}${alsoBroken(links, told)}`,
    next: told?.next,
    refusals: evidence.refusals.slice(-MOST_REFUSALS),
  };
}

/** The first broken link, else the first unknown one, else the first warning. */
function worst(links: readonly Link[]): Link | undefined {
  const first = (state: Link['state']) => links.find((one) => one.state === state);
  return first('broken') ?? first('unknown') ?? first('warning');
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
