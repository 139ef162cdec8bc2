import { Refusal } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { PeerIdentity, Peers } from '../identity/peers.ts';
import { endCall } from './feed-call.ts';
import type { FeedCall } from './feed-call.ts';
import type { ConnectedAgents } from './connected-agents.ts';
import { createConnectionLog } from './connection-log.ts';
import { createAgentStream } from './node-stream.ts';
import type { Nodes } from './nodes.ts';
import type { Report } from './reports/reception.ts';

export interface FeedStreamsDeps {
  readonly nodes: Nodes;
  readonly peers: Pick<Peers, 'watch'>;
  readonly podsResourceVersion: () => string;
  readonly tokenSecret: () => Buffer;
  readonly version: string;
  readonly serverName: string;
  /** Streams end after about so long, so that agents spread over the replicas. Milliseconds. */
  readonly streamAgeMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: { streams(change: 1 | -1): void };
  /** For the status of the server; undefined: nobody asks for it. */
  readonly agents?: Pick<ConnectedAgents, 'joined'> | undefined;
}

export interface FeedStreams {
  /** Joins the node; returns what ends the stream with an error. `forget`: the agent is told to forget resourceVersions. */
  begin(
    call: FeedCall,
    identity: PeerIdentity,
    first: { readonly report: Report; readonly forget: boolean },
  ): (error: Refusal) => void;
  endAll(error: Refusal): void;
}

/** The open streams: when they begin and when they end. */
export function createFeedStreams(deps: FeedStreamsDeps): FeedStreams {
  const { nodes, peers, clock, random, metrics } = deps;
  const logConnection = createConnectionLog(deps);
  const open = new Set<(error: Refusal) => void>();

  /** A stream ends with the certificate that opened it. Milliseconds. */
  function ageMs({ endsMs = Infinity }: PeerIdentity): number {
    const age = deps.streamAgeMs * (0.8 + 0.4 * random());
    return Math.round(Math.min(age, Math.max(0, endsMs - clock.now())));
  }

  /** Tells the agent all that its node needs, and from then on what changes. */
  function tell(
    call: FeedCall,
    { node }: PeerIdentity,
    { report, forget }: { readonly report: Report; readonly forget: boolean },
    { streamEndsInMs, overflowed }: { readonly streamEndsInMs: number; readonly overflowed: () => void },
  ): () => void {
    const { heldSessions } = report;
    const { version, serverName } = deps;
    const tokenSecret = deps.tokenSecret();
    const stream = createAgentStream({ sink: call, node, clock, tokenSecret, heldSessions, overflowed });
    stream.hello({ version, serverName, streamEndsInMs, ...(forget && { forget }) });
    const leave = nodes.join(node, stream, heldSessions, () => {
      stream.synced(deps.podsResourceVersion());
    });
    const gone = deps.agents?.joined(node, report);
    const said = {
      node,
      version: report.version,
      heldSessions: heldSessions.length,
      ...(forget && { forget }),
    };
    logConnection('agent connected', said);
    return () => {
      leave();
      gone?.();
      stream.close();
      logConnection('agent disconnected', { node });
    };
  }

  return {
    begin(call, identity, first) {
      const endsInMs = ageMs(identity);
      let over = false;
      const overflowed = () => {
        // Not in the middle of what the node is being told.
        clock.schedule(0, () => {
          if (!over) endWith(new Refusal('ServerUnavailable', 'the agent reads too little of its stream'));
        });
      };
      const leave = tell(call, identity, first, { streamEndsInMs: endsInMs, overflowed });
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
      const cancelAge = clock.schedule(endsInMs, () => {
        endWith(new Refusal('ServerUnavailable', 'the stream has reached its age'));
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
