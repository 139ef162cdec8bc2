import { roleArnParts } from '@rolegate/protocol';
import { roughly } from '@rolegate/runtime';
import { faultOf, valueOf } from '../answers/answer.ts';
import type { ServerDecision, ServerExplanation } from '../answers/server-explanation.ts';
import { isWaiting } from '../answers/server-status.ts';
import type { ServerSession } from '../answers/server-status.ts';
import { decisionOf, isOfSts } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { obstacleOf } from './obstacle.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';
import { stsFault, stsStep } from './sts-steps.ts';

/** The session of the role, and what STS said last about it. */
export function sessionLinks(evidence: Evidence): readonly [session: Link, sts: Link] {
  const decision = decisionOf(evidence);
  const explained = valueOf(evidence.server);
  if (obstacleOf(evidence) !== undefined) return both('unreached', 'not reached');
  if (decision === undefined) return both('unknown', 'no decision is known');
  if (decision.kind !== 'allow') return both('unreached', 'not reached: no role is permitted');
  if (explained?.decision === undefined) return fromAgent(evidence);
  const { session } = explained;
  if (session === undefined) return notIssued(evidence, explained, decision);
  return [sessionLink(session, decision), stsLink(session, explained, evidence)];
}

function both(state: 'unknown' | 'unreached', says: string): readonly [Link, Link] {
  return [link('session', state, says), link('STS', state, says)];
}

/** Without a server, the agent still knows what STS refused, and the session whose credentials it has. */
function fromAgent({ agent, server }: Evidence): readonly [Link, Link] {
  const fault = faultOf(server) ?? 'it does not know the Pod';
  const explained = valueOf(agent);
  const pod = explained?.pod;
  if (pod?.sessionName === undefined) return both('unknown', `no server answers: ${fault}`);
  const session = link('session', 'unknown', `${pod.sessionName}, as the agent remembers it`);
  if (!isOfSts(pod.state)) return [session, link('STS', 'unknown', `no server answers: ${fault}`)];
  const says = stsFault({ reason: pod.state, error: pod.note });
  return [session, link('STS', 'broken', says, { next: explained?.remedy })];
}

function notIssued(
  evidence: Evidence,
  { agent, node }: ServerExplanation,
  { sessionName }: ServerDecision,
): readonly [Link, Link] {
  const sts = link('STS', 'unreached', 'not asked for this session');
  const named = `${sessionName ?? 'the session'} is not issued`;
  if (agent !== undefined)
    return [
      link('session', 'unknown', `${named} yet, although the node's agent is connected`, {
        next: 'ask again in a few seconds',
      }),
      sts,
    ];
  const details = evidence.silentServers.map(({ name, fault }) => `server ${name} did not answer: ${fault}`);
  const says = `${named}: no server that answered is connected to the agent of ${node ?? 'its node'}`;
  // One of the others may be.
  if (details.length > 0) return [link('session', 'unknown', says, { details }), sts];
  // A session is only issued for nodes that are connected; the agent's link says why it is not.
  return [link('session', 'unreached', says), sts];
}

function sessionLink(session: ServerSession, { durationSeconds }: ServerDecision): Link {
  const { role, sessionName, state, remainingSeconds, nodes, nextInSeconds } = session;
  const says = [
    `${sessionName} of ${role}`,
    state,
    ...(remainingSeconds === undefined ? [] : [`${ofSeconds(remainingSeconds)} left`]),
  ].join(', ');
  const needed = `needed by ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}`;
  const details = [
    durationSeconds === undefined ? needed : `${needed}, issued for ${ofSeconds(durationSeconds)} at a time`,
  ];
  if (isWaiting(session)) {
    const when = nextInSeconds === undefined ? 'is in progress' : `comes in ${ofSeconds(nextInSeconds)}`;
    return link('session', 'unknown', `${says}: the STS call ${when}`, {
      details,
      next: 'ask again in a few seconds',
    });
  }
  return link('session', 'ok', says, { details });
}

function stsLink(session: ServerSession, explained: ServerExplanation, evidence: Evidence): Link {
  const { reason, remainingSeconds, nextInSeconds } = session;
  const next = nextInSeconds === undefined ? 'in progress, or not planned' : `in ${ofSeconds(nextInSeconds)}`;
  if (isWaiting(session)) return link('STS', 'unreached', 'has not answered yet');
  if (reason === undefined) return link('STS', 'ok', `accepted the last call; the next call is ${next}`);
  const isServed = remainingSeconds !== undefined && remainingSeconds > 0;
  const kept = isServed ? [`credentials are still valid for ${ofSeconds(remainingSeconds)}`] : [];
  const step = stsStep(session, evidence);
  return link('STS', isServed ? 'warning' : 'broken', stsFault(session), {
    details: [...kept, ...accountsOf(session, explained), `the next call is ${next}`, ...step.details],
    next: step.next,
    commands: step.commands,
  });
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
