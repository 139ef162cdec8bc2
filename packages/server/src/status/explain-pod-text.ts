import { roughly, textFacts } from '@rolegate/runtime';
import type { AnnotationValue } from '../annotations/annotations.ts';
import type { Annotations } from '../kubernetes/objects/objects.ts';
import { tooLongFault } from '../policy/annotation-text.ts';
import type { DecisionFacts, PodExplanation } from './explain-pod.ts';

/** Longer annotations are cut. Characters. */
const LONGEST_SHOWN = 300;

/** The explanation for people: what was read, the settings, and the result. */
export function explanationText(it: PodExplanation): string {
  const { settings, session, agent } = it;
  return textFacts([
    ['Pod', `${it.pod} (${it.uid})${it.traits.map((trait) => `, ${trait}`).join('')}`],
    ['node', it.node === '' ? 'none yet' : it.node],
    ['addresses', it.ips.join(', ') || 'none yet'],
    ...annotationFacts('of the Pod', it.annotations.pod),
    ...annotationFacts(`of ServiceAccount ${it.serviceAccount}`, it.annotations.serviceAccount),
    ...annotationFacts('of the Namespace', it.annotations.namespace),
    ['  invalid', it.namespaceRuleFault],
    ['role base ARN', settings.roleBaseArn ?? 'NOT KNOWN YET'],
    ['ceiling', settings.roleCeiling.join(', ') || "the base ARN's account"],
    ['namespace policy', settings.namespacePolicy],
    ['default role', settings.defaultRole],
    ...decisionFacts(it.decision),
    ['permitted by', it.permittedBy && `${it.permittedBy.annotation}: ${clipped(it.permittedBy.entry)}`],
    ['session now', sessionText(it)],
    ['  last error', session?.reason && `${session.reason}: ${session.error ?? ''}`],
    [
      'agent',
      agent
        ? `connected for ${roughly(agent.connectedForSeconds * 1000)}, ${agent.version}`
        : 'NOT CONNECTED to this replica; ask the others',
    ],
    ['  container credentials', agent && (agent.servesContainerCredentials ? 'served' : 'not served')],
  ]);
}

function annotationFacts(whose: string, annotations: Annotations | undefined): (readonly [string, string])[] {
  if (annotations === undefined)
    return [[`annotations`, `${whose}: the object does not exist, or has not been seen yet`]];
  const all = Object.entries(annotations);
  if (all.length === 0) return [['annotations', `${whose}: none that Rolegate reads`]];
  return all.map(([key, value]) => ['annotation', `${whose}: ${key}: ${annotationText(value)}`]);
}

function annotationText(value: AnnotationValue): string {
  if (typeof value === 'string') return clipped(value);
  return `not read: it ${tooLongFault(value)}`;
}

function decisionFacts(decision: DecisionFacts): (readonly [string, string | undefined])[] {
  const { kind, reason, message, meaning, remedy, role, sessionName, durationSeconds, tags } = decision;
  return [
    ['decision', reason === undefined ? kind : `${kind}, ${reason}: ${meaning ?? ''}`],
    [kind === 'pending' ? '  waits for' : '  why', message],
    ['  what to do', remedy],
    ['role', role],
    ['session', sessionName && `${sessionName}, for ${durationSeconds ?? 0} s`],
    ['  external ID', decision.externalId],
    ['  source identity', decision.sourceIdentity],
    ['  tags', tags && JSON.stringify(tags)],
  ];
}

function sessionText({ decision, session }: PodExplanation): string {
  if (decision.kind !== 'allow') return 'none';
  if (session === undefined)
    return 'not issued here: no agent of a node that needs it is connected to this replica';
  const { state, remainingSeconds, nextInSeconds, nodes } = session;
  return [
    state,
    ...(remainingSeconds === undefined ? [] : [`${roughly(remainingSeconds * 1000)} left`]),
    nextInSeconds === undefined
      ? 'STS call in progress, or none planned'
      : `next STS call in ${roughly(nextInSeconds * 1000)}`,
    `for ${nodes.length} nodes`,
  ].join(', ');
}

function clipped(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}… (${text.length} characters)` : text;
}
