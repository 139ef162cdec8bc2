import { createLimitLog, pageLimit } from '@rolegate/runtime';
import type { Clock, ClientName, CountScope, HttpLimit, Log } from '@rolegate/runtime';
import { STRANGERS } from './http-limits.ts';

/** Every limit of the agent's HTTP servers, as named in metric and log. */
export const limitNames = [
  'connections_per_pod',
  'connections_unknown',
  'connections',
  'waiting_per_pod',
  'waiting_unknown',
  'waiting',
  'head_bytes',
  'head_time',
  'body_bytes',
  'body_time',
  'pipelined_bytes',
  'unread_bytes',
  'answer_time',
  'token_verifications',
  'token_reviews',
  'ops_connections',
  'ops_requests',
  'probe_connections',
  'probe_requests',
] as const;
export type LimitName = (typeof limitNames)[number];

/** How often each limit was met since the agent started. */
export type LimitCounts = Readonly<Partial<Record<LimitName, number>>>;

export interface LimitHits {
  /** `ip`: the source address. */
  readonly hit: (limit: LimitName, client: ClientName, ip: string) => void;
  /** For the ports of metrics and probes, where a client is an address. */
  readonly pageHit: (port: 'ops' | 'probe') => (limit: HttpLimit, ip: string) => void;
  readonly counts: () => LimitCounts;
}

export interface LimitHitsDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: LimitName) => void;
}

/** The client whose limit was met, in the log line. */
interface Subject {
  readonly limit: LimitName;
  readonly ip: string;
  readonly namespace?: string;
  readonly uid?: string | undefined;
}

const WINDOW_MS = 10_000;
/** Addresses without a Pod that are distinguished in a window. */
const MOST_STRANGERS = 32;

/** What was refused, and advice for the operator. */
const TEXTS: Readonly<Record<LimitName, { readonly refused: string; readonly hint: string }>> = {
  connections_per_pod: {
    refused: 'one of its connections',
    hint: 'Raise --connections-per-pod if the Pod needs more.',
  },
  connections_unknown: {
    refused: 'a connection from an address that no Pod owns',
    hint: 'Check which Pod uses addresses that it does not own.',
  },
  connections: {
    refused: 'a connection of the Pod with the most',
    hint: 'Raise --connections if the Pods of this node need more.',
  },
  waiting_per_pod: { refused: 'a waiting request', hint: 'Raise --waiting-per-pod if the Pod needs more.' },
  waiting_unknown: {
    refused: 'a waiting request from an address that no Pod owns',
    hint: 'Check which Pod uses addresses that it does not own.',
  },
  waiting: {
    refused: 'a waiting request of the Pod with the most',
    hint: 'Raise --waiting if the Pods of this node need more.',
  },
  head_bytes: { refused: 'a request with too large a head', hint: 'Check what this Pod sends.' },
  head_time: { refused: 'a request whose head took too long', hint: 'Check what this Pod sends.' },
  body_bytes: { refused: 'a request with too large a body', hint: 'Check what this Pod sends.' },
  body_time: { refused: 'a request whose body took too long', hint: 'Check what this Pod sends.' },
  pipelined_bytes: {
    refused: 'requests sent before the previous answer',
    hint: 'Check what this Pod sends. No SDK sends a request before the previous answer.',
  },
  unread_bytes: { refused: 'a connection whose answers are not read', hint: 'Check what this Pod runs.' },
  answer_time: { refused: 'a connection whose answer is not read', hint: 'Check what this Pod runs.' },
  token_verifications: {
    refused: 'the verification of a ServiceAccount token for now',
    hint: 'Check what this Pod sends. A Pod needs one verification for each of its tokens.',
  },
  token_reviews: {
    refused: 'the review of a ServiceAccount token for now',
    hint: 'Check what this Pod sends. Only tokens of an unknown key or issuer are reviewed.',
  },
  ops_connections: {
    refused: 'a connection to the metrics port',
    hint: 'Check what connects to --prometheus-listen-addr from this address.',
  },
  ops_requests: {
    refused: 'a request to the metrics port',
    hint: 'Check what is sent to --prometheus-listen-addr from this address.',
  },
  probe_connections: {
    refused: "a connection to the port of kubelet's probes",
    hint: 'Find the program on the host network that connects to --probe-bind. Only the kubelet needs to.',
  },
  probe_requests: {
    refused: "a request to the port of kubelet's probes",
    hint: 'Find the program on the host network that sends requests to --probe-bind. Only the kubelet needs to.',
  },
};

/** Counts and logs the limits that were met: one line when a storm begins and one when it ends. */
export function createLimitHits({ clock, log, counted }: LimitHitsDeps): LimitHits {
  const counts = new Map<LimitName, number>();
  const lines = {
    clock,
    log,
    windowMs: WINDOW_MS,
    leftOut: (last: Subject, of: CountScope) =>
      ({ key: last, group: { namespace: last.namespace }, all: {} })[of],
  };
  const note = createLimitLog<Subject>(lines);
  // A separate limit, so that made-up addresses suppress no lines about Pods.
  const noteStranger = createLimitLog<Subject>({ ...lines, mostKeys: MOST_STRANGERS });

  function hit(limit: LimitName, { group, name }: ClientName, ip: string): void {
    counts.set(limit, (counts.get(limit) ?? 0) + 1);
    counted(limit);
    const isStranger = group === STRANGERS;
    const pod = isStranger ? {} : { namespace: group, uid: name === ip ? undefined : name };
    const subject = { limit, ip, ...pod };
    (isStranger ? noteStranger : note)(group, `${limit} ${name}`, subject, TEXTS[limit]);
  }

  return {
    hit,
    pageHit: (port) => (limit, ip) => {
      const name = pageLimit(port, limit);
      hit(name, { group: STRANGERS, name: ip }, ip);
    },
    counts: () => Object.fromEntries(counts),
  };
}

/** The agent's name for a limit of the HTTP server. */
export function limitName(limit: HttpLimit): LimitName {
  if (limit === 'connections_per_client') return 'connections_per_pod';
  return limit === 'connections_per_group' ? 'connections_unknown' : limit;
}
