import type { Refusal } from '@rolegate/protocol';
import type { PeerIdentity, Proof } from '../identity/peers.ts';
import { createReportLimitHits } from '../limits/limit-hits.ts';
import type { ReportLimit } from '../limits/limit-names.ts';
import type { ServerMemory } from '../memory/memory.ts';
import { createAgentReports } from './agent-reports.ts';
import type { AgentReports, AgentReportsDeps } from './agent-reports.ts';
import type { ConnectedAgents } from './connected-agents.ts';
import { endCall, freeWhenOver } from './feed-call.ts';
import type { FeedCall } from './feed-call.ts';
import { createFeedStreams } from './feed-streams.ts';
import type { FeedStreams, FeedStreamsDeps } from './feed-streams.ts';
import type { Nodes } from './nodes/nodes.ts';
import { openCall } from './open-call.ts';
import type { OpenCall } from './open-call.ts';
import { createReportReader } from './reports/report-reader.ts';
import type { ReportReader } from './reports/report-reader.ts';
import type { Report } from './reports/reception.ts';
import type { WhenProven } from './resolve.ts';
import type { ServingNodes, ServingStream } from './serving-nodes.ts';
import { createStreamPlaces } from './stream-places.ts';
import { createVersionCheck, apiServerRestored } from './version-check.ts';
import type { Beginning, VersionCheck, VersionCheckDeps } from './version-check.ts';

export interface FeedCallsDeps extends FeedStreamsDeps, AgentReportsDeps {
  readonly history: VersionCheckDeps['history'];
  readonly nodes: Nodes;
  /** For the status of the server. */
  readonly agents?: Pick<ConnectedAgents, 'joined' | 'reported'> | undefined;
  readonly servingNodes: Pick<ServingNodes, 'join'>;
  /** Throws a Refusal if no calls are accepted now. */
  readonly checkOpen: () => void;
  readonly whenProven: WhenProven;
  readonly metrics: FeedStreamsDeps['metrics'] &
    AgentReportsDeps['metrics'] & { readonly limitHit: (limit: ReportLimit) => void };
  readonly memory?: ServerMemory | undefined;
}

export interface FeedCalls {
  readonly take: (call: FeedCall) => void;
  /** Ends all open streams. */
  readonly endAll: (error: Refusal) => void;
}

/** Identifies Feed calls and processes their reports. */
export function createFeedCalls(deps: FeedCallsDeps): FeedCalls {
  const { clock, log, metrics, memory, whenProven } = deps;
  const hit = createReportLimitHits({ clock, log, counted: metrics.limitHit });
  const places = createStreamPlaces({ clock, hit, memory });
  const reader = createReportReader({ clock, hit, memory });
  const streams = createFeedStreams(deps);
  const begin = createBeginnings(streams, createVersionCheck(deps), deps.checkOpen);
  const follow = createFollower({ ...deps, reader, begin, reports: createAgentReports(deps) });

  return {
    take(call) {
      freeWhenOver(call, clock);
      call.on('error', (error) => {
        log.debug('feed stream failed', { error });
      });
      call.on('end', () => {
        endCall(call);
      });
      const opened = openCall(call, { places, reader, clock });
      whenProven(call, opened.end, (proof) => {
        if (!opened.over) follow(call, proof, opened);
      });
    },
    endAll(error) {
      streams.endAll(error);
    },
  };
}

/** A call that has sent its first report. */
interface ReportedCall {
  readonly call: FeedCall;
  readonly proof: Proof;
  readonly opened: OpenCall;
  readonly identity: PeerIdentity;
  readonly report: Report;
  readonly serving: ServingStream;
}

type BeginStream = (reported: ReportedCall) => void;

/** Begins streams, if necessary after asking the API server whether the agent must forget the versions it has seen. */
function createBeginnings(
  streams: FeedStreams,
  versions: VersionCheck,
  checkOpen: FeedCallsDeps['checkOpen'],
): BeginStream {
  function begin(reported: ReportedCall, { forget, isUnsure }: Beginning): void {
    const { call, opened, identity, report, serving } = reported;
    opened.began(streams.begin(call, identity, { report, forget, serving }));
    if (isUnsure) void beginAgainIfOlder(report, opened);
  }

  /** Identifies the peer again, because time has passed. */
  async function beginLater(reported: ReportedCall, beginning: Promise<Beginning>): Promise<void> {
    const { proof, opened, report } = reported;
    try {
      const known = await beginning;
      if (opened.over) return;
      checkOpen();
      begin({ ...reported, identity: proof.identity(report.nodeName) }, known);
    } catch (error) {
      opened.end(error);
    }
  }

  /** For a stream that had to begin without the answer of the API server. */
  async function beginAgainIfOlder(report: Report, { signal, end }: OpenCall): Promise<void> {
    const mustForget = await versions.later(report, signal).catch(() => true);
    if (mustForget) end(apiServerRestored());
  }

  return (reported) => {
    const beginning = versions.begin(reported.report);
    if (beginning instanceof Promise) void beginLater(reported, beginning);
    else begin(reported, beginning);
  };
}

interface FollowerDeps extends Pick<FeedCallsDeps, 'clock' | 'checkOpen' | 'servingNodes'> {
  readonly reader: ReportReader;
  readonly reports: AgentReports;
  readonly begin: BeginStream;
}

/** Reads the reports of calls, and identifies the peer again with each. */
function createFollower({ clock, checkOpen, servingNodes, reader, reports, begin }: FollowerDeps) {
  return (call: FeedCall, proof: Proof, opened: OpenCall): void => {
    const { source, place } = opened;
    const openSinceMs = clock.monotonic();
    let serving: ServingStream | undefined;

    /** Before the snapshot, because decisions depend on it. */
    function join(node: string, serves: boolean): ServingStream {
      const joined = servingNodes.join(node, serves);
      opened.signal.addEventListener('abort', joined.leave);
      return joined;
    }

    function know(identity: PeerIdentity): void {
      if (source.node === undefined) place.known(identity);
      source.node = identity.node;
    }

    function take(bytes: Buffer): void {
      checkOpen();
      const received = reader.read(bytes, serving === undefined, source);
      const { report } = received;
      const identity = proof.identity(report.nodeName);
      know(identity);
      reader.noteDropped(received, source);
      const reporter = { node: identity.node, peer: source.peer, openSinceMs };
      const { servesContainerCredentials: serves = serving?.serves ?? false } = report;
      if (serving === undefined) {
        opened.reported();
        serving = join(identity.node, serves);
        begin({ call, proof, opened, identity, report, serving });
        reports.first(reporter, report);
      } else serving.report(serves);
      reports.note(reporter, report);
    }

    if (proof.proven) know(proof.identity());
    call.on('data', (bytes: Buffer) => {
      if (opened.over) return;
      try {
        take(bytes);
      } catch (error) {
        opened.end(error);
      }
    });
  };
}
