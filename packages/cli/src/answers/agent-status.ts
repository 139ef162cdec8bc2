import { readObject } from './answer.ts';
import type { Answer } from './answer.ts';
import { check, fields, flag, list, members, number, text } from './fields.ts';

/** More Pods of a node are ignored. */
const MOST_PODS = 4_096;
const MOST_ITEMS = 256;
const MOST_CLIENTS = 16;

/** What `rolegate-agent status --json` prints. Whatever an older agent does not print is undefined or empty. */
export interface AgentStatus {
  readonly version: string | undefined;
  readonly node: string | undefined;
  readonly mode: string | undefined;
  readonly uptimeSeconds: number | undefined;
  readonly notReady: readonly string[];
  /** Undefined: the mode needs no server, or the agent does not say. */
  readonly server: AgentServer | undefined;
  readonly interception: {
    readonly readerConnected: boolean | undefined;
    /** By layer; a layer that was never checked is absent. */
    readonly layers: Readonly<Record<string, boolean>>;
    readonly connectionsLimited: boolean | undefined;
    readonly nodeImdsv1Open: boolean | undefined;
    /** Rules of others for a metadata address. */
    readonly foreignRules: number | undefined;
    readonly unmatchedInterfaces: number | undefined;
    /** By layer, since reconcile started. */
    readonly repairs: Readonly<Record<string, number>>;
  };
  readonly ports: {
    readonly held: readonly Listener[];
    /** Undefined: unknown. */
    readonly foreignListeners: readonly Listener[] | undefined;
  };
  readonly containerCredentials:
    | {
        readonly addresses: readonly { readonly address: string; readonly waitsFor: string | undefined }[];
        readonly keysCondition: string | undefined;
      }
    | undefined;
  readonly addresses: {
    /** `cni` or `pod-status`. */
    readonly source: string | undefined;
    readonly directories: Readonly<Record<string, string>>;
    readonly awaited: string | undefined;
  };
  readonly sessions: {
    readonly held: number | undefined;
    readonly leastRemainingMinutes: number | undefined;
  };
  /** How often each limit was met. */
  readonly limits: Readonly<Record<string, number>>;
  readonly pods: readonly AgentPod[];
  /** Pods beyond the most that are read. */
  readonly podsLeftOut: number;
}

export interface AgentServer {
  readonly feed: {
    readonly connected: boolean | undefined;
    readonly server: string | undefined;
    readonly sinceSeconds: number | undefined;
    readonly staleSeconds: number | undefined;
    readonly lastFault: string | undefined;
    readonly lastFaultAgoSeconds: number | undefined;
  };
  readonly certificate: {
    readonly of: string | undefined;
    readonly ends: string | undefined;
    readonly remainingSeconds: number | undefined;
    /** True, or what is wrong with it. */
    readonly state: boolean | string | undefined;
  };
  /** How far the node's clock is ahead of the server's. */
  readonly clockSkewMs: number | undefined;
}

/** `uid`: the user of the process; undefined: not said. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly uid: number | undefined;
}

export interface AgentPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string | undefined;
  readonly ips: readonly string[];
  readonly role: string | undefined;
  readonly sessionName: string | undefined;
  /** `ok`, or why the Pod would not get credentials. */
  readonly state: string;
  readonly note: string | undefined;
  readonly remainingMinutes: number | undefined;
  /** The last four characters. */
  readonly accessKeyId: string | undefined;
  /** What it asked for credentials with, e.g. `boto3/1.34.0`; undefined: the agent does not say. */
  readonly clients: readonly string[] | undefined;
}

export function readAgentStatus(output: string): Answer<AgentStatus> {
  return readObject(output, agentStatusFrom);
}

function agentStatusFrom(given: Readonly<Record<string, unknown>>): AgentStatus {
  const { server, interception, ports, containerCredentials, addresses, sessions } = given;
  const [rules, places, held] = [fields(interception), fields(addresses), fields(sessions)];
  return {
    version: text(given['version']),
    node: text(given['node']),
    mode: text(given['mode']),
    uptimeSeconds: number(given['uptimeSeconds']),
    notReady: list(given['notReady'], text, MOST_ITEMS),
    server: serverFrom(server),
    interception: {
      readerConnected: flag(rules?.['readerConnected']),
      layers: members(rules?.['layers'], flag),
      connectionsLimited: flag(rules?.['connectionsLimited']),
      nodeImdsv1Open: flag(rules?.['nodeImdsv1Open']),
      foreignRules: number(rules?.['foreignRules']),
      unmatchedInterfaces: number(rules?.['unmatchedInterfaces']),
      repairs: members(rules?.['repairs'], number),
    },
    ports: portsFrom(ports),
    containerCredentials: endpointFrom(containerCredentials),
    addresses: {
      source: text(places?.['source']),
      directories: members(places?.['directories'], text),
      awaited: text(places?.['awaited']),
    },
    sessions: {
      held: number(held?.['held']),
      leastRemainingMinutes: number(held?.['leastRemainingMinutes']),
    },
    limits: members(given['limits'], number),
    pods: list(given['pods'], agentPodFrom, MOST_PODS),
    podsLeftOut: Array.isArray(given['pods']) ? Math.max(0, given['pods'].length - MOST_PODS) : 0,
  };
}

function serverFrom(given: unknown): AgentServer | undefined {
  const server = fields(given);
  if (server === undefined) return undefined;
  const [feed, certificate] = [fields(server['feed']), fields(server['certificate'])];
  return {
    feed: {
      connected: flag(feed?.['connected']),
      server: text(feed?.['server']),
      sinceSeconds: number(feed?.['sinceSeconds']),
      staleSeconds: number(feed?.['staleSeconds']),
      lastFault: text(feed?.['lastFault']),
      lastFaultAgoSeconds: number(feed?.['lastFaultAgoSeconds']),
    },
    certificate: {
      of: text(certificate?.['of']),
      ends: text(certificate?.['ends']),
      remainingSeconds: number(certificate?.['remainingSeconds']),
      state: check(certificate?.['state']),
    },
    clockSkewMs: number(server['clockSkewMs']),
  };
}

function portsFrom(given: unknown): AgentStatus['ports'] {
  const ports = fields(given);
  const foreign = ports?.['foreignListeners'];
  return {
    held: list(ports?.['held'], listenerFrom, MOST_ITEMS),
    foreignListeners: Array.isArray(foreign) ? list(foreign, listenerFrom, MOST_ITEMS) : undefined,
  };
}

/** A listener has an `address`, a port that waits a `host`. */
function listenerFrom(given: unknown): Listener | undefined {
  const one = fields(given);
  const address = text(one?.['address']) ?? text(one?.['host']);
  const port = number(one?.['port']);
  return address === undefined || port === undefined
    ? undefined
    : { address, port, uid: number(one?.['uid']) };
}

function endpointFrom(given: unknown): AgentStatus['containerCredentials'] {
  const endpoint = fields(given);
  if (endpoint === undefined) return undefined;
  const place = (value: unknown) => {
    const one = fields(value);
    const address = text(one?.['address']);
    return address === undefined ? undefined : { address, waitsFor: text(one?.['waitsFor']) };
  };
  return {
    addresses: list(endpoint['addresses'], place, MOST_ITEMS),
    keysCondition: text(endpoint['keysCondition']),
  };
}

export function agentPodFrom(given: unknown): AgentPod | undefined {
  const pod = fields(given);
  const [namespace, name] = [text(pod?.['namespace']), text(pod?.['name'])];
  if (pod === undefined || namespace === undefined || name === undefined) return undefined;
  return {
    namespace,
    name,
    uid: text(pod['uid']) ?? '',
    serviceAccount: text(pod['serviceAccount']),
    ips: list(pod['ips'], text, MOST_ITEMS),
    role: text(pod['role']),
    sessionName: text(pod['sessionName']),
    state: text(pod['state']) ?? 'unknown',
    note: text(pod['note']),
    remainingMinutes: number(pod['remainingMinutes']),
    accessKeyId: text(pod['accessKeyId']),
    clients: Array.isArray(pod['clients']) ? list(pod['clients'], text, MOST_CLIENTS) : undefined,
  };
}
