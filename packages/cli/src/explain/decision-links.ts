import { valueOf } from '../answers/answer.ts';
import type { ServerExplanation } from '../answers/server-explanation.ts';
import { METADATA, ROLE, defaultRoleOf, roleIn, rulesOf, shown } from './annotations.ts';
import { decidedOf, endAt, reached } from './decided.ts';
import type { Decided } from './decided.ts';
import { foreignAccount } from './decision-steps.ts';
import type { Evidence } from './evidence.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';
import { podLink } from './pod-link.ts';

/** From the Pod to the ceiling, as the server explains its decision. */
export function decisionLinks(evidence: Evidence): readonly Link[] {
  const decided = decidedOf(evidence);
  return [
    podLink(decided),
    annotationLink(decided),
    accountLink(decided),
    namespaceLink(decided),
    ceilingLink(decided),
  ];
}

function annotationLink(decided: Decided): Link {
  const { evidence, explained } = decided;
  const annotations = explained?.annotations.pod ?? valueOf(evidence.pod)?.metadata?.annotations;
  if (annotations === undefined && valueOf(evidence.pod) === undefined)
    return endAt(decided, 'annotation') ?? reached(decided, 'annotation', 'only the server knows them');
  const role = annotations?.[ROLE];
  const closed = annotations?.[METADATA];
  const says = role === undefined || role.trim() === '' ? 'the Pod names no role' : `${ROLE}: ${shown(role)}`;
  const details = closed === undefined ? [] : [`${METADATA}: ${shown(closed)}`];
  return endAt(decided, 'annotation', details) ?? reached(decided, 'annotation', says, { details });
}

function accountLink(decided: Decided): Link {
  const { explained, evidence } = decided;
  const name =
    explained?.serviceAccount ?? valueOf(evidence.pod)?.spec?.serviceAccountName ?? 'its ServiceAccount';
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
