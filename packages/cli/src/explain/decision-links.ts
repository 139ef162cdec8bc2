import type { V1Pod } from '../answers/objects.ts';
import { faultOf, valueOf } from '../answers/answer.ts';
import type { ServerDecision, ServerExplanation } from '../answers/server-explanation.ts';
import { METADATA, ROLE, defaultRoleOf, roleIn, rulesOf, shown } from './annotations.ts';
import { foreignAccount, stepOf } from './decision-steps.ts';
import { decisionOf, serverView } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { link, linkNames } from './link.ts';
import type { Link, LinkFacts, LinkName } from './link.ts';
import { obstacleOf } from './obstacle.ts';

/** The link that a reason is about, if nothing more is known. */
const LINK_OF: Readonly<Record<string, LinkName>> = {
  HostNetwork: 'Pod',
  StaticPod: 'Pod',
  NoRole: 'annotation',
  BadAnnotation: 'annotation',
  MetadataDenied: 'annotation',
  NamespaceDenied: 'Namespace',
  BadNamespaceRule: 'Namespace',
  OutsideCeiling: 'ceiling',
};

/** What the five links before the session are made of. */
interface Decided {
  readonly evidence: Evidence;
  readonly explained: ServerExplanation | undefined;
  readonly decision: ServerDecision | undefined;
  /** The link at which the decision ends; undefined: the Pod is allowed a role, or nobody has decided. */
  readonly at: LinkName | undefined;
}

/** From the Pod to the ceiling, as the server explains its decision. */
export function decisionLinks(evidence: Evidence): readonly Link[] {
  const explained = serverView(evidence);
  const decision = decisionOf(evidence);
  const decided: Decided = { evidence, explained, decision, at: decision && endOf(decision, explained) };
  return [
    podLink(decided),
    annotationLink(decided),
    accountLink(decided),
    namespaceLink(decided),
    ceilingLink(decided),
  ];
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
  return LINK_OF[reason] ?? 'Pod';
}

/** The kind of object that a message names. */
function namedIn(message: string): LinkName | undefined {
  if (message.includes('ServiceAccount')) return 'ServiceAccount';
  return message.includes('Namespace') ? 'Namespace' : undefined;
}

function podLink(decided: Decided): Link {
  const { evidence, explained, decision } = decided;
  const obstacle = obstacleOf(evidence);
  if (obstacle !== undefined) return obstacle;
  const pod = valueOf(evidence.pod);
  const traits = explained?.traits ?? (pod === undefined ? [] : traitsOf(pod));
  const place = `on node ${pod?.spec?.nodeName ?? explained?.node ?? 'unknown'}`;
  const end = endAt(decided, 'Pod');
  if (end !== undefined) return end;
  if (decision === undefined) return notDecided(decided);
  const unread = faultOf(evidence.pod);
  return link('Pod', unread === undefined ? 'ok' : 'unknown', [place, ...traits].join(', '), {
    details: unread === undefined ? [] : [`the Pod cannot be read: ${unread}`],
  });
}

/** No server has decided, and the agent has no decision either. */
function notDecided({ evidence }: Decided): Link {
  const { server } = evidence;
  const fault = faultOf(server);
  if (fault !== undefined)
    return link('Pod', 'unknown', `no server explains it: ${fault}`, {
      next: 'see what is wrong with the servers',
      commands: ['kubectl rolegate doctor'],
    });
  const waits = valueOf(server)?.waitsFor ?? 'its list of Pods';
  return link('Pod', 'broken', `the server does not know it; it waits for ${waits}`, {
    next: "check the server's watches",
    commands: ['kubectl rolegate doctor'],
  });
}

function traitsOf({ spec, metadata }: V1Pod): readonly string[] {
  return [
    ...(spec?.hostNetwork === true ? ['on the host network'] : []),
    ...(metadata?.annotations?.['kubernetes.io/config.mirror'] === undefined ? [] : ['static']),
    ...(metadata?.deletionTimestamp === undefined ? [] : ['terminating']),
  ];
}

function annotationLink(decided: Decided): Link {
  const { evidence, explained } = decided;
  const annotations = explained?.annotations.pod ?? valueOf(evidence.pod)?.metadata?.annotations;
  const role = annotations?.[ROLE];
  const closed = annotations?.[METADATA];
  const says = role === undefined || role.trim() === '' ? 'the Pod names no role' : `${ROLE}: ${shown(role)}`;
  const details = closed === undefined ? [] : [`${METADATA}: ${shown(closed)}`];
  return endAt(decided, 'annotation', details) ?? reached(decided, 'annotation', says, { details });
}

function accountLink(decided: Decided): Link {
  const { explained, evidence } = decided;
  const name = explained?.serviceAccount ?? valueOf(evidence.pod)?.spec?.serviceAccountName ?? 'default';
  const own = roleIn(explained?.annotations.pod);
  const annotations = explained?.annotations.serviceAccount;
  const role = roleIn(annotations);
  const used = own === undefined ? '' : ", not used: the Pod's own role counts";
  const says =
    explained === undefined
      ? `${name}, whose annotations only the server knows`
      : annotations === undefined
        ? `${name} does not exist, or has not been seen yet`
        : role === undefined
          ? `${name} names no role`
          : `${name}: ${ROLE}: ${shown(role)}${used}`;
  return endAt(decided, 'ServiceAccount') ?? reached(decided, 'ServiceAccount', says);
}

function namespaceLink(decided: Decided): Link {
  const { explained, decision } = decided;
  const annotations = explained?.annotations.namespace;
  const rules = rulesOf(annotations);
  const details = [
    ...rules,
    ...defaultRoleOf(annotations),
    ...(explained?.namespaceRuleFault === undefined ? [] : [`invalid: ${explained.namespaceRuleFault}`]),
  ];
  const said = decision?.message ?? '';
  const end = endAt(
    decided,
    'Namespace',
    // The message has the rules already.
    rules.some((rule) => said.includes(rule.slice(0, rule.indexOf(':')))) ? [] : details,
  );
  if (end !== undefined) return end;
  // With --namespace-policy audit the message of an allow says what enforce would refuse.
  if (decision?.kind === 'allow' && explained !== undefined && decision.message !== undefined)
    return link('Namespace', 'warning', decision.message, {
      details,
      next: 'permit the role in the Namespace before --namespace-policy becomes enforce',
    });
  // No Namespace can permit what is outside the ceiling, so that its rules were not asked.
  if (decided.at === 'ceiling')
    return link('Namespace', 'unreached', 'not decided: the ceiling comes first', { details });
  const behind = 'not reached';
  if (explained === undefined)
    return reached(decided, 'Namespace', 'its rules only the server knows', { behind });
  const role = decision?.role ?? 'the role';
  const { permittedBy } = explained;
  if (permittedBy !== undefined)
    return reached(
      decided,
      'Namespace',
      `permits ${role} by ${permittedBy.annotation}: ${shown(permittedBy.entry)}`,
      {
        // The list, of which the entry is one.
        details: details.filter((rule) => rule !== `${permittedBy.annotation}: ${shown(permittedBy.entry)}`),
        behind,
      },
    );
  // An older server does not say which of them it is.
  const [rule] = rules;
  if (rule === undefined || rules.length > 1)
    return reached(decided, 'Namespace', `permits ${role} by one of its rules`, { details, behind });
  return reached(decided, 'Namespace', `permits ${role} by ${rule}`, {
    details: decided.at === undefined ? details.slice(1) : details,
    behind,
  });
}

function ceilingLink(decided: Decided): Link {
  const { explained, decision } = decided;
  const details = explained === undefined ? [] : settingsOf(explained);
  const end = endAt(decided, 'ceiling', details);
  if (end === undefined)
    return explained === undefined
      ? reached(decided, 'ceiling', 'only the server knows it')
      : reached(decided, 'ceiling', details.join('; '), { behind: 'not reached' });
  if (decision?.kind === 'pending')
    return {
      ...end,
      says: 'the role base ARN is not detected: STS has not told the server its account yet',
      next: "repair the server's own credentials or its connection to STS, or set --role-base-arn (chart value roles.baseArn)",
      commands: ['kubectl rolegate doctor', 'kubectl rolegate logs --reason ServerCredentials --since 1h'],
    };
  const foreign = explained && foreignAccount(explained);
  if (foreign === undefined) return end;
  const { account, own } = foreign;
  return {
    ...end,
    says: `the role is in account ${account}, but the server's account is ${own}: ${end.says}`,
  };
}

function settingsOf({
  settings: { roleBaseArn, roleCeiling, defaultRole },
}: ServerExplanation): readonly string[] {
  return [
    `base ARN: ${roleBaseArn ?? 'not known yet'}`,
    `ceiling: ${roleCeiling.join(', ') || "the base ARN's account"}`,
    ...(defaultRole === undefined ? [] : [`default role of the cluster: ${defaultRole}`]),
  ];
}

/** The broken link if the decision ends at this one. */
function endAt(decided: Decided, name: LinkName, details: readonly string[] = []): Link | undefined {
  const { at, decision, evidence, explained } = decided;
  if (at !== name || decision === undefined) return undefined;
  const { kind, reason = 'Pending', message, meaning } = decision;
  const why = kind === 'pending' ? `waits for ${message ?? 'something'}` : (message ?? meaning ?? 'refused');
  const step = stepOf({ evidence, explained, decision, at });
  return link(name, 'broken', `${reason}: ${why}`, { details, ...step });
}

/** A link at which the decision does not end: fine, or behind the end. */
function reached(
  { at, decision }: Decided,
  name: LinkName,
  says: string,
  { details = [], behind = says }: Pick<LinkFacts, 'details'> & { readonly behind?: string } = {},
): Link {
  if (decision === undefined) return link(name, 'unknown', says, { details });
  const isBehind = at !== undefined && linkNames.indexOf(name) > linkNames.indexOf(at);
  return isBehind ? link(name, 'unreached', behind, { details }) : link(name, 'ok', says, { details });
}
