import type { ServerDecision, ServerExplanation } from '../answers/server-explanation.ts';
import { METADATA } from './annotations.ts';
import { stepOf } from './decision-steps.ts';
import { decisionOf, serverView } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { link, linkNames } from './link.ts';
import type { Link, LinkFacts, LinkName } from './link.ts';

/** The link that a reason is about, if nothing more is known. */
const LINK_OF: ReadonlyMap<string, LinkName> = new Map([
  ['HostNetwork', 'Pod'],
  ['StaticPod', 'Pod'],
  ['NoRole', 'annotation'],
  ['BadAnnotation', 'annotation'],
  ['MetadataDenied', 'annotation'],
  ['NamespaceDenied', 'Namespace'],
  ['BadNamespaceRule', 'Namespace'],
  ['OutsideCeiling', 'ceiling'],
]);

/** What the five links before the session are made of. */
export interface Decided {
  readonly evidence: Evidence;
  readonly explained: ServerExplanation | undefined;
  readonly decision: ServerDecision | undefined;
  /** The link at which the decision ends; undefined: the Pod is allowed a role, or nobody has decided. */
  readonly at: LinkName | undefined;
}

export function decidedOf(evidence: Evidence): Decided {
  const explained = serverView(evidence);
  const decision = decisionOf(evidence);
  return { evidence, explained, decision, at: decision && endOf(decision, explained) };
}

function endOf(decision: ServerDecision, explained: ServerExplanation | undefined): LinkName | undefined {
  const { kind, reason = '', message = '' } = decision;
  if (kind === 'allow') return undefined;
  if (kind === 'pending') return message.includes('ARN') ? 'ceiling' : (namedIn(message) ?? 'Pod');
  if (reason === 'BadAnnotation') return namedIn(message.replace(/^of Pod .*/, '')) ?? 'annotation';
  if (reason === 'MetadataDenied') {
    const isOwn = explained?.annotations.pod?.[METADATA] !== undefined;
    return isOwn ? 'annotation' : 'Namespace';
  }
  return LINK_OF.get(reason) ?? 'Pod';
}

/** The kind of object that a message names. */
function namedIn(message: string): LinkName | undefined {
  if (message.includes('ServiceAccount')) return 'ServiceAccount';
  return message.includes('Namespace') ? 'Namespace' : undefined;
}

/** The broken link if the decision ends at this one. */
export function endAt(decided: Decided, name: LinkName, details: readonly string[] = []): Link | undefined {
  const { at, decision, evidence, explained } = decided;
  if (at !== name || decision === undefined) return undefined;
  const { kind, reason = 'Pending', message, meaning } = decision;
  const why = kind === 'pending' ? `waits for ${message ?? 'something'}` : (message ?? meaning ?? 'refused');
  const step = stepOf({ evidence, explained, decision, at });
  return link(name, 'broken', `${reason}: ${why}`, { details, ...step });
}

/** A link at which the decision does not end: fine, or behind the end. */
export function reached(
  { at, decision }: Decided,
  name: LinkName,
  says: string,
  { details = [], behind = says }: Pick<LinkFacts, 'details'> & { readonly behind?: string } = {},
): Link {
  if (decision === undefined) return link(name, 'unknown', says, { details });
  const isBehind = at !== undefined && linkNames.indexOf(name) > linkNames.indexOf(at);
  return isBehind ? link(name, 'unreached', behind, { details }) : link(name, 'ok', says, { details });
}
