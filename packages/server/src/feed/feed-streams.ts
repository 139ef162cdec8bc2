import { Refusal } from '@rolegate/protocol';
import { createLogLimiter } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { PeerIdentity, Peers } from '../identity/peers.ts';
import { endCall } from './feed-call.ts';
import type { FeedCall } from './feed-call.ts';
import type { ConnectedAgents } from './connected-agents.ts';
import { followIssuerKeys } from './issuer-keys-updates.ts';
import type { FeedIssuerKeys } from './issuer-keys-updates.ts';
import { createAgentStream } from './node-stream.ts';
import type { Nodes } from './nodes/nodes.ts';
import type { Report } from './reports/reception.ts';
import type { ServingStream } from './serving-nodes.ts';

/** The most log lines about one node; an agent opens a stream every half hour. */
const LOG_LINES = { lines: 20, windowMs: 60_000 };
/** After a roll-out all nodes of a large cluster connect together. */
const MOST_LOGGED_NODES = 10_000;

export interface FeedStreamsDeps {
  readonly nodes: Nodes;
  readonly peers: Pick<Peers, 'watch'>;
  readonly podsResourceVersion: () => string;
  readonly tokenSecret: () => Buffer;
  readonly version: string;
  readonly serverName: string;
  /** Average lifetime of a stream; limited so that agents spread over the replicas. Milliseconds. */
  readonly streamAgeMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: { streams(change: 1 | -1): void };
  /** For the status of the server. */
  readonly agents?: Pick<ConnectedAgents, 'joined'> | undefined;
  readonly issuerKeys: FeedIssuerKeys;
}

/** What a stream begins with. */
export interface FirstReport {
  readonly report: Report;
  /** Tells the agent to forget resourceVersions. */
  readonly forget: boolean;
  readonly serving: ServingStream;
}

export interface FeedStreams {
  /** Joins the node; the returned function ends the stream with an error. */
  begin(call: FeedCall, identity: PeerIdentity, first: FirstReport): (error: Refusal) => void;
  endAll(error: Refusal): void;
}

/** Begins and ends streams. */
export function createFeedStreams(deps: FeedStreamsDeps): FeedStreams {
  const { peers, clock, metrics } = deps;
  const logConnection = createConnectionLog(deps);
  const open = new Set<(error: Refusal) => void>();

  return {
    begin(call, identity, first) {
      const streamEndsInMs = ageMs(identity, deps);
      let over = false;
      const overflowed = () => {
        // Not while updates are being written to the node.
        clock.schedule(0, () => {
          if (!over) endWith(new Refusal('ServerUnavailable', 'the agent reads its stream too slowly'));
        });
      };
      const leave = joinNode(call, deps, {
        ...first,
        node: identity.node,
        streamEndsInMs,
        overflowed,
        logConnection,
      });
      metrics.streams(1);
      const finish = () => {
        if (over) return;
        over = true;
        cancelAge();
        unwatch();
        open.delete(endWith);
        leave();
        metrics.streams(-1);
      };
      const endWith = (error: Refusal) => {
        finish();
        endCall(call, error);
      };
      const cancelAge = clock.schedule(streamEndsInMs, () => {
        endWith(new Refusal('ServerUnavailable', 'the stream has reached its maximum age'));
      });
      const unwatch = peers.watch(identity, call.getPeer(), endWith);
      open.add(endWith);
      for (const event of ['end', 'cancelled', 'close', 'error'] as const) call.on(event, finish);
      return endWith;
    },
    endAll(error) {
      for (const end of open) end(error);
    },
  };
}

/** Not beyond the certificate that opened the stream. Milliseconds. */
function ageMs({ endsMs = Infinity }: PeerIdentity, { streamAgeMs, random, clock }: FeedStreamsDeps): number {
  const age = streamAgeMs * (0.8 + 0.4 * random());
  return Math.round(Math.min(age, Math.max(0, endsMs - clock.now())));
}

interface JoinOptions extends FirstReport {
  readonly node: string;
  readonly streamEndsInMs: number;
  /** Called if the agent reads too slowly. */
  readonly overflowed: () => void;
  readonly logConnection: ConnectionLog;
}

/** Sends the agent everything its node needs, and then changes. The returned function ends it. */
function joinNode(call: FeedCall, deps: FeedStreamsDeps, options: JoinOptions): () => void {
  const { nodes, clock, version, serverName } = deps;
  const { node, report, forget, serving, streamEndsInMs, overflowed, logConnection } = options;
  const { heldSessions } = report;
  const tokenSecret = deps.tokenSecret();
  const stream = createAgentStream({ sink: call, node, clock, tokenSecret, heldSessions, overflowed });
  stream.hello({ version, serverName, streamEndsInMs, ...(forget && { forget }) });
  const unfollow = followIssuerKeys(stream, serving, deps.issuerKeys);
  const leave = nodes.join(node, stream, heldSessions, () => {
    stream.synced(deps.podsResourceVersion());
  });
  const gone = deps.agents?.joined(node, report);
  logConnection('agent connected', {
    node,
    version: report.version,
    heldSessions: heldSessions.length,
    ...(forget && { forget }),
  });
  return () => {
    unfollow();
    leave();
    gone?.();
    stream.close();
    logConnection('agent disconnected', { node });
  };
}

type ConnectionLog = ReturnType<typeof createConnectionLog>;

/** Logs connects and disconnects, with a limit for each node. */
function createConnectionLog({ clock, log }: Pick<FeedStreamsDeps, 'clock' | 'log'>) {
  const isWritten = createLogLimiter<string>({
    clock,
    ...LOG_LINES,
    mostGroups: MOST_LOGGED_NODES,
    ended: (leftOut, node) => {
      log.info('agent connection lines suppressed', { node, leftOut });
    },
  });
  return (
    message: 'agent connected' | 'agent disconnected',
    fields: { readonly node: string; readonly [field: string]: unknown },
  ): void => {
    if (isWritten(fields.node, '', fields.node)) log.info(message, fields);
  };
}
