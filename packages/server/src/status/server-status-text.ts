import { roughly, textFacts, textTable } from '@rolegate/runtime';
import type { AgentRow, IssuerKeysFacts, ServerStatus } from './server-status.ts';
import type { SessionRow, StateSum } from './session-rows.ts';

/** The most failing or waiting sessions that are shown; all are in the totals and in --json. */
const MOST_SESSIONS_SHOWN = 20;
const LAYERS = ['nat', 'filter', 'route', 'input'];

/** The status for people; problems are in capitals. */
export function serverStatusText(status: ServerStatus): string {
  const worrying = status.sessions.filter(({ reason, state }) => reason !== undefined || state === 'waiting');
  return [
    facts(status),
    status.agents.length === 0 ? 'no agent is connected to this replica\n' : agentTable(status.agents),
    worrying.length === 0 ? '' : sessionTable(worrying.slice(0, MOST_SESSIONS_SHOWN)),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function facts(status: ServerStatus): string {
  const { sts, roleBaseArn, checks, certificateSeconds, startupWarnings } = status;
  const states = Object.entries(status.sessionsByState);
  return textFacts([
    ['rolegate-server', `${status.version} on ${status.hostname}, up for ${ofSeconds(status.uptimeSeconds)}`],
    [
      'synced',
      status.synced
        ? `yes, for ${ofSeconds(status.syncedForSeconds)}`
        : 'NO: the cluster has not been read yet',
    ],
    ['watch ages', secondsText(status.watchAgeSeconds)],
    [
      'role base ARN',
      roleBaseArn ?? 'NOT KNOWN YET: Pods with a role name wait until STS returns the account',
    ],
    ...Object.entries(checks).map(
      ([name, is]) => [`  ${name}`, is === true ? 'ok' : `NOT OK: ${String(is)}`] as const,
    ),
    ['certificates', secondsText(certificateSeconds)],
    [
      'STS budget',
      `${sts.waiting} waiting, ${sts.inFlight} in flight, ${sts.free} free (${sts.ratePerSecond}/s, burst ${sts.burst})`,
    ],
    ...issuerKeysText(status.issuerKeys),
    ['agents', `${status.agents.length} connected to this replica`],
    ['sessions', states.length === 0 ? 'none' : states.map(sumText).join('; ')],
    ...startupWarnings.map((warning) => ['start warning', warning] as const),
  ]);
}

function issuerKeysText(facts: IssuerKeysFacts | undefined): (readonly [string, string | undefined])[] {
  if (facts === undefined) return [];
  const { keys, issuers, ageSeconds, error } = facts;
  const age = ageSeconds === undefined ? 'NOT READ YET' : `${keys}, read ${ofSeconds(ageSeconds)} ago`;
  return [
    ['issuer keys', age],
    ['  issuers', issuers.join(', ') || undefined],
    ['  last error', error],
  ];
}

function sumText([state, { count, nextInSeconds, reasons }]: readonly [string, StateSum]): string {
  const failed = Object.entries(reasons).map(([reason, many]) => `${reason} ${many}`);
  const parts = [
    ...(nextInSeconds === undefined ? [] : [`next in ${ofSeconds(nextInSeconds)}`]),
    ...(failed.length === 0 ? [] : [`last error ${failed.join(', ')}`]),
  ];
  return `${count} ${state}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

function agentTable(agents: readonly AgentRow[]): string {
  const rows = agents.map((agent) => [
    agent.node,
    agent.version,
    ofSeconds(agent.connectedForSeconds),
    String(agent.pods),
    interceptionText(agent.interception),
    agent.servesContainerCredentials ? 'yes' : 'no',
  ]);
  return textTable(['NODE', 'VERSION', 'CONNECTED', 'PODS', 'INTERCEPTION', 'CONTAINER CREDENTIALS'], rows);
}

function interceptionText(layers: AgentRow['interception']): string {
  if (layers === undefined) return 'not reported';
  const broken = LAYERS.filter((layer) => layers[layer] !== true);
  return broken.length === 0 ? 'ok' : `BROKEN: ${broken.join(',')}`;
}

function sessionTable(sessions: readonly SessionRow[]): string {
  const rows = sessions.map((session) => [
    session.sessionName,
    session.state,
    session.reason ?? '',
    session.remainingSeconds === undefined ? '' : ofSeconds(session.remainingSeconds),
    session.nextInSeconds === undefined ? 'now' : ofSeconds(session.nextInSeconds),
    session.role,
    session.error ?? '',
  ]);
  return textTable(['SESSION', 'STATE', 'REASON', 'LEFT', 'NEXT', 'ROLE', 'ERROR'], rows);
}

function secondsText(secondsBy: Readonly<Record<string, number>>): string {
  const parts = Object.entries(secondsBy).map(([name, many]) => `${name} ${ofSeconds(many)}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function ofSeconds(many: number): string {
  return roughly(many * 1000);
}
