import { readObject } from './answer.ts';
import type { Answer } from './answer.ts';
import { check, fields, flag, list, members, number, text } from './fields.ts';

const MOST_AGENTS = 10_000;
/** A server prints at most 1,000. */
const MOST_SESSIONS = 1_000;
const MOST_ITEMS = 256;

/** What `rolegate-server status --json` prints. Whatever an older server does not print is undefined or empty. */
export interface ServerStatus {
  readonly version: string | undefined;
  readonly hostname: string | undefined;
  readonly uptimeSeconds: number | undefined;
  readonly synced: boolean | undefined;
  readonly syncedForSeconds: number | undefined;
  readonly watchAgeSeconds: Readonly<Record<string, number>>;
  readonly agents: readonly ServerAgent[];
  readonly sessions: readonly ServerSession[];
  readonly sessionsLeftOut: number;
  readonly sessionsByState: Readonly<Record<string, StateSum>>;
  readonly sts: { readonly waiting: number | undefined; readonly free: number | undefined };
  /** True, or what is wrong. */
  readonly checks: Readonly<Record<string, boolean | string>>;
  readonly certificateSeconds: Readonly<Record<string, number>>;
  /** Undefined: not detected yet. */
  readonly roleBaseArn: string | undefined;
  /** Why the issuer keys cannot be read; undefined: they can, or nobody needs them. */
  readonly issuerKeysError: string | undefined;
  readonly startupWarnings: readonly string[];
}

export interface ServerAgent {
  readonly node: string;
  readonly version: string | undefined;
  readonly connectedForSeconds: number | undefined;
  /** By layer, as the agent reports; empty: not reported. */
  readonly interception: Readonly<Record<string, boolean>>;
}

export interface ServerSession {
  readonly role: string;
  readonly sessionName: string;
  readonly state: string;
  readonly reason: string | undefined;
  readonly error: string | undefined;
  readonly nodes: readonly string[];
  readonly remainingSeconds: number | undefined;
  readonly nextInSeconds: number | undefined;
}

/** True until the first answer of STS. */
export function isWaiting({ state, reason }: ServerSession): boolean {
  return state === 'waiting' && reason === undefined;
}

export interface StateSum {
  readonly count: number;
  /** Failed sessions by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

export function readServerStatus(output: string): Answer<ServerStatus> {
  return readObject(output, serverStatusFrom);
}

function serverStatusFrom(given: Readonly<Record<string, unknown>>): ServerStatus {
  const sts = fields(given['sts']);
  return {
    version: text(given['version']),
    hostname: text(given['hostname']),
    uptimeSeconds: number(given['uptimeSeconds']),
    synced: flag(given['synced']),
    syncedForSeconds: number(given['syncedForSeconds']),
    watchAgeSeconds: members(given['watchAgeSeconds'], number),
    agents: list(given['agents'], agentFrom, MOST_AGENTS),
    sessions: list(given['sessions'], sessionFrom, MOST_SESSIONS),
    sessionsLeftOut: number(given['sessionsLeftOut']) ?? 0,
    sessionsByState: members(given['sessionsByState'], sumFrom),
    sts: { waiting: number(sts?.['waiting']), free: number(sts?.['free']) },
    checks: members(given['checks'], check),
    certificateSeconds: members(given['certificateSeconds'], number),
    roleBaseArn: text(given['roleBaseArn']),
    issuerKeysError: text(fields(given['issuerKeys'])?.['error']),
    startupWarnings: list(given['startupWarnings'], text, MOST_ITEMS),
  };
}

function agentFrom(given: unknown): ServerAgent | undefined {
  const agent = fields(given);
  const node = text(agent?.['node']);
  if (agent === undefined || node === undefined) return undefined;
  return {
    node,
    version: text(agent['version']),
    connectedForSeconds: number(agent['connectedForSeconds']),
    interception: members(agent['interception'], flag),
  };
}

export function sessionFrom(given: unknown): ServerSession | undefined {
  const session = fields(given);
  const [role, sessionName] = [text(session?.['role']), text(session?.['sessionName'])];
  if (session === undefined || role === undefined || sessionName === undefined) return undefined;
  return {
    role,
    sessionName,
    state: text(session['state']) ?? 'unknown',
    reason: text(session['reason']),
    error: text(session['error']),
    nodes: list(session['nodes'], text, MOST_AGENTS),
    remainingSeconds: number(session['remainingSeconds']),
    nextInSeconds: number(session['nextInSeconds']),
  };
}

function sumFrom(given: unknown): StateSum | undefined {
  const sum = fields(given);
  const count = number(sum?.['count']);
  return count === undefined ? undefined : { count, reasons: members(sum?.['reasons'], number) };
}
