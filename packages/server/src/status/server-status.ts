import { VERSION } from '@rolegate/runtime';
import type { ConnectedAgent } from '../feed/connected-agents.ts';
import { watchedKinds } from '../metrics/table.ts';
import type { ServerReadings } from './readings.ts';
import { sessionRow, sumByState } from './session-rows.ts';
import type { SessionRow, StateSum } from './session-rows.ts';

/** The most sessions in the status; failing ones are first. */
const MOST_SESSIONS = 1_000;

/** The output of `rolegate-server status --json`. Fields are only ever added. */
export interface ServerStatus {
  readonly version: string;
  readonly hostname: string;
  readonly uptimeSeconds: number;
  readonly synced: boolean;
  readonly syncedForSeconds: number;
  /** Since the last byte from the API server. */
  readonly watchAgeSeconds: Readonly<Record<string, number>>;
  readonly agents: readonly AgentRow[];
  readonly sessionsByState: Readonly<Record<string, StateSum>>;
  readonly sessions: readonly SessionRow[];
  /** The number of sessions omitted from `sessions`. */
  readonly sessionsLeftOut: number;
  readonly sts: {
    readonly waiting: number;
    readonly inFlight: number;
    /** Calls that can start now. */
    readonly free: number;
    readonly ratePerSecond: number;
    readonly burst: number;
  };
  /** True, or what is wrong. */
  readonly checks: Readonly<Record<string, boolean | string>>;
  readonly certificateSeconds: Readonly<Record<string, number>>;
  /** Undefined until it is detected. */
  readonly roleBaseArn: string | undefined;
  /** Of ServiceAccount tokens; undefined if no agent serves container credentials. */
  readonly issuerKeys: IssuerKeysFacts | undefined;
  readonly startupWarnings: readonly string[];
}

export interface IssuerKeysFacts {
  readonly keys: number;
  readonly issuers: readonly string[];
  /** Since they were read; undefined if they have not been. */
  readonly ageSeconds: number | undefined;
  /** Why the last read failed, or why no token is accepted. */
  readonly error: string | undefined;
}

export interface AgentRow {
  readonly node: string;
  readonly version: string;
  readonly connectedForSeconds: number;
  /** By layer, as reported; undefined if not reported. */
  readonly interception: Readonly<Record<string, boolean | undefined>> | undefined;
  readonly pods: number;
  readonly servesContainerCredentials: boolean;
}

/** `startedMs`: on the monotonic clock. */
export function serverStatus(readings: ServerReadings, startedMs: number): ServerStatus {
  const { config, hostname, warnings, checks, cluster, sessions, budget, clock } = readings;
  const summaries = sessions.summaries();
  const rows = summaries.map(sessionRow).sort(failingFirst);
  const { waiting, inFlight, free } = budget;
  return {
    version: VERSION,
    hostname,
    uptimeSeconds: seconds(clock.monotonic() - startedMs),
    synced: cluster.synced(),
    syncedForSeconds: seconds(cluster.syncedForMs()),
    watchAgeSeconds: Object.fromEntries(
      watchedKinds.map((kind) => [kind, seconds(cluster.watchAgeMs(kind))]),
    ),
    agents: agentRows(readings),
    sessionsByState: sumByState(summaries),
    sessions: rows.slice(0, MOST_SESSIONS),
    sessionsLeftOut: Math.max(0, rows.length - MOST_SESSIONS),
    sts: { waiting, inFlight, free, ratePerSecond: config.sts.rate, burst: config.sts.burst },
    checks: Object.fromEntries(checks.map((check) => [check.name, check.ready()])),
    certificateSeconds: readings.certificateSeconds(),
    roleBaseArn: readings.roleBaseArn(),
    issuerKeys: issuerKeysFacts(readings),
    startupWarnings: warnings,
  };
}

function issuerKeysFacts({ servingNodes, issuerKeys }: ServerReadings): IssuerKeysFacts | undefined {
  if (!servingNodes.any()) return undefined;
  const { keys, issuers, ageMs, error } = issuerKeys.status();
  return { keys, issuers, ageSeconds: ageMs === undefined ? undefined : seconds(ageMs), error };
}

function agentRows({ agents, cluster, servingNodes, clock }: ServerReadings): readonly AgentRow[] {
  return agents.all().map(({ node, version, sinceMs, interception }) => ({
    node,
    version,
    connectedForSeconds: seconds(clock.monotonic() - sinceMs),
    interception: interception && layersOf(interception),
    pods: cluster.pods.onNode(node).length,
    servesContainerCredentials: servingNodes.serves(node),
  }));
}

/** Without the fields that deserialization adds. */
function layersOf({ nat, filter, route, input }: NonNullable<ConnectedAgent['interception']>) {
  return Object.fromEntries(
    Object.entries({ nat, filter, route, input }).filter(([, ok]) => typeof ok === 'boolean'),
  ) as Readonly<Record<string, boolean>>;
}

function failingFirst(a: SessionRow, b: SessionRow): number {
  const rank = ({ reason, state }: SessionRow) => (reason !== undefined ? 0 : state === 'waiting' ? 1 : 2);
  return rank(a) - rank(b) || (a.sessionName < b.sessionName ? -1 : 1);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
