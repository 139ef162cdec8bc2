import { roleArnParts } from '@rolegate/protocol';
import { roughly } from '@rolegate/runtime';
import { faultOf, valueOf } from '../answers/answer.ts';
import type { ServerDecision, ServerExplanation } from '../answers/server-explanation.ts';
import type { ServerSession } from '../answers/server-status.ts';
import { decisionOf } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';

/** STS names who asked: `User: ARN is not authorized to perform: sts:AssumeRole`. */
const WHO_ASKED = /User: (arn:[^\s]{1,300}) is not authorized/;
/** A session of a role, which a trust policy names by the role. Its path, if it has one, is not in here. */
const SESSION_OF_ROLE = /^arn:([^:]*):sts::([0-9]{12}):assumed-role\/([^/]+)\/.+$/;

/** The reasons that are the server's own fault or STS's: every Pod is affected. */
const EVERYBODYS = ['ServerCredentials', 'StsThrottled', 'StsUnavailable', 'StsRegionDisabled'];

/** The session of the role, and what STS said last about it. */
export function sessionLinks(evidence: Evidence): readonly [session: Link, sts: Link] {
  const decision = decisionOf(evidence);
  const explained = valueOf(evidence.server);
  if (decision === undefined) return both('unknown', 'no decision is known');
  if (decision.kind !== 'allow') return both('unreached', 'not reached: no role is permitted');
  if (explained === undefined) {
    const fault = faultOf(evidence.server) ?? 'unknown';
    return fromAgent(evidence) ?? both('unknown', `no server answers: ${fault}`);
  }
  const { session } = explained;
  if (session === undefined) return notIssued(explained, decision);
  return [sessionLink(session, decision), stsLink(session, explained)];
}

function both(state: 'unknown' | 'unreached', says: string): readonly [Link, Link] {
  return [link('session', state, says), link('STS', state, says)];
}

/** Without a server, the agent still knows what STS refused. */
function fromAgent({ agent }: Evidence): readonly [Link, Link] | undefined {
  const pod = valueOf(agent)?.pod;
  if (pod?.state.startsWith('Sts') !== true && pod?.state !== 'ServerCredentials') return undefined;
  const says = `${pod.state}: ${pod.note ?? valueOf(agent)?.meaning ?? ''}`;
  return [
    link('session', 'ok', pod.sessionName ?? 'asked for'),
    link('STS', 'broken', says, { next: valueOf(agent)?.remedy }),
  ];
}

function notIssued(
  { agent, node }: ServerExplanation,
  { sessionName }: ServerDecision,
): readonly [Link, Link] {
  const unreached = link('STS', 'unreached', 'not asked for this session');
  const named = sessionName ?? 'the session';
  if (agent !== undefined)
    return [
      link('session', 'warning', `${named} is not issued yet, although the node's agent is connected`, {
        next: 'ask again in a few seconds',
      }),
      unreached,
    ];
  return [
    link(
      'session',
      'broken',
      `${named} is not issued: no server that answered is connected to the agent of ${node ?? 'its node'}`,
      {
        next: "check the agent's connection: kubectl rolegate doctor",
      },
    ),
    unreached,
  ];
}

function sessionLink(session: ServerSession, { durationSeconds }: ServerDecision): Link {
  const { role, sessionName, state, remainingSeconds, nodes, nextInSeconds } = session;
  const lifetime =
    durationSeconds === undefined ? [] : [`issued for ${ofSeconds(durationSeconds)} at a time`];
  const says = [
    `${sessionName} of ${role}`,
    state,
    ...(remainingSeconds === undefined ? [] : [`${ofSeconds(remainingSeconds)} left`]),
  ].join(', ');
  const details = [...lifetime, `${nodes.length} ${nodes.length === 1 ? 'node needs' : 'nodes need'} it`];
  if (state === 'waiting' && session.reason === undefined) {
    const when = nextInSeconds === undefined ? 'is in progress' : `comes in ${ofSeconds(nextInSeconds)}`;
    return link('session', 'warning', `${says}: the STS call ${when}`, {
      details,
      next: 'ask again in a few seconds',
    });
  }
  return link('session', 'ok', says, { details });
}

function stsLink(session: ServerSession, explained: ServerExplanation): Link {
  const { reason, error, remainingSeconds, nextInSeconds } = session;
  const next = nextInSeconds === undefined ? 'in progress, or not planned' : `in ${ofSeconds(nextInSeconds)}`;
  if (reason === undefined) {
    const says = session.state === 'waiting' ? 'has not answered yet' : 'accepted the last call';
    return link('STS', session.state === 'waiting' ? 'unknown' : 'ok', `${says}; the next call is ${next}`);
  }
  const isServed = remainingSeconds !== undefined && remainingSeconds > 0;
  const kept = isServed ? [`credentials are still valid for ${ofSeconds(remainingSeconds)}`] : [];
  return link('STS', isServed ? 'warning' : 'broken', `${reason}: ${error ?? 'it said no more'}`, {
    details: [...kept, ...accountsOf(session, explained), `the next call is ${next}`],
    next: nextStep(session),
  });
}

/** STS answers the same whether a role does not exist or does not trust the server. */
function nextStep({ role, reason = '', error = '' }: ServerSession): string | undefined {
  if (reason === 'StsAccessDenied') {
    const name = roleArnParts(role).pathAndName.split('/').at(-1) ?? role;
    const asked = WHO_ASKED.exec(error)?.[1];
    const who = asked?.replace(SESSION_OF_ROLE, 'arn:$1:iam::$2:role/$3') ?? "the server's own role";
    return `run aws iam get-role --role-name ${name}: if it does not exist, create it or correct the name; if it does, let its trust policy allow sts:AssumeRole to ${who}, and allow that to assume it`;
  }
  if (reason === 'ServerCredentials')
    return "repair the source of the server's own credentials, then look at kubectl rolegate doctor";
  if (reason === 'StsThrottled')
    return 'raise the STS quota of the account, or lower --sts-rate (chart value sts.rate)';
  if (EVERYBODYS.includes(reason)) return 'check STS for all Pods: kubectl rolegate doctor';
  return 'correct what the message names, and ask again';
}

/** The other account must allow it too. */
function accountsOf({ role }: ServerSession, { settings }: ServerExplanation): readonly string[] {
  const [account, own] = [roleArnParts(role).accountId, roleArnParts(settings.roleBaseArn ?? '').accountId];
  if (account === '' || own === '' || account === own) return [];
  return [`the role is in account ${account}, the server's in ${own}: check that the account is meant`];
}

function ofSeconds(many: number): string {
  return roughly(many * 1000);
}
