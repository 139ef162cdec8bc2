import { createLimitLog, pageLimit } from '@rolegate/runtime';
import type { Clock, ClientName, CountScope, HttpLimit, Log } from '@rolegate/runtime';
import { STRANGERS } from './http-limits.ts';

/** Every limit that the agent's HTTP servers enforce, as metric and log name it. */
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
  /** The same on the port of metrics and on that of probes, where a client is an address. */
  readonly pageHit: (port: 'ops' | 'probe') => (limit: HttpLimit, ip: string) => void;
  readonly counts: () => LimitCounts;
}

export interface LimitHitsDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly log: Log;
  readonly counted: (limit: LimitName) => void;
}

/** Whose limit was met, as the line says it. */
interface Subject {
  readonly limit: LimitName;
  readonly ip: string;
  readonly namespace?: string;
  readonly uid?: string | undefined;
}

const WINDOW_MS = 10_000;
/** Addresses without a Pod that are told apart in a window. */
const MOST_STRANGERS = 32;

/** What was refused, and what an operator can do about it. */
const TEXTS: Readonly<Record<LimitName, { readonly refused: string; readonly hint: string }>> = {
  connections_per_pod: {
    refused: 'one of its connections',
    hint: 'raise --connections-per-pod if the Pod needs as many',
  },
  connections_unknown: {
    refused: 'a connection from an address that no Pod owns',
    hint: 'see which Pod uses addresses that are not its own',
  },
  connections: {
    refused: 'a connection of the Pod that has the most',
    hint: 'raise --connections if the Pods of this node need as many',
  },
  waiting_per_pod: { refused: 'a waiting request', hint: 'raise --waiting-per-pod if the Pod needs as many' },
  waiting_unknown: {
    refused: 'a waiting request from an address that no Pod owns',
    hint: 'see which Pod uses addresses that are not its own',
  },
  waiting: {
    refused: 'a waiting request of the Pod that has the most',
    hint: 'raise --waiting if the Pods of this node need as many',
  },
  head_bytes: { refused: 'a request with too large a head', hint: 'see what this Pod sends' },
  head_time: { refused: 'a request whose head took too long', hint: 'see what this Pod sends' },
  body_bytes: { refused: 'a request with too large a body', hint: 'see what this Pod sends' },
  body_time: { refused: 'a request whose body took too long', hint: 'see what this Pod sends' },
  pipelined_bytes: {
    refused: 'requests sent before the previous answer',
    hint: 'no SDK sends requests ahead; see what this Pod sends',
  },
  unread_bytes: { refused: 'a connection whose answers are not read', hint: 'see what this Pod runs' },
  answer_time: { refused: 'a connection whose answer is not read', hint: 'see what this Pod runs' },
  ops_connections: {
    refused: 'a connection to the metrics port',
    hint: 'see who connects to --prometheus-listen-addr from this address',
  },
  ops_requests: {
    refused: 'a request to the metrics port',
    hint: 'see what is sent to --prometheus-listen-addr from this address',
  },
  probe_connections: {
    refused: "a connection to the port of kubelet's probes",
    hint: 'see which program on the network of the node connects to --probe-bind: only kubelet needs to',
  },
  probe_requests: {
    refused: "a request to the port of kubelet's probes",
    hint: 'see which program on the network of the node asks at --probe-bind: only kubelet needs to',
  },
};

/** Counts limits that were met, and says so: a line at the beginning of a storm, and one at its end. */
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
  // Addresses can be made up; they take nothing from the Pods.
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

/** The agent's name for a bound of the HTTP server. */
export function limitName(limit: HttpLimit): LimitName {
  if (limit === 'connections_per_client') return 'connections_per_pod';
  return limit === 'connections_per_group' ? 'connections_unknown' : limit;
}
