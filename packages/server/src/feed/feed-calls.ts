import { asRefusal, Refusal } from '@rolegate/protocol';
import type { AgentCall, PeerIdentity, Proof } from '../identity/peers.ts';
import { endCall, freeWhenOver, wasTooLarge } from './feed-call.ts';
import type { FeedCall } from './feed-call.ts';
import type { ConnectedAgents } from './connected-agents.ts';
import { createFeedStreams } from './feed-stream.ts';
import type { FeedStreamsDeps } from './feed-stream.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { Nodes } from './nodes.ts';
import { createAgentReports } from './agent-reports.ts';
import type { AgentReportsDeps } from './agent-reports.ts';
import { createReportLimitHits } from '../limits/limit-hits.ts';
import type { ReportLimit } from '../limits/limits.ts';
import { createReportReader } from './reports/report-reader.ts';
import type { Report } from './reports/reception.ts';
import { createStreamPlaces } from './stream-places.ts';
import type { Place } from './stream-places.ts';
import { createVersionCheck } from './version-check.ts';
import type { Beginning, VersionCheckDeps } from './version-check.ts';

/** An agent sends its first report within this time. Milliseconds. */
const FIRST_REPORT_WITHIN_MS = 5_000;

export interface FeedCallsDeps extends FeedStreamsDeps, AgentReportsDeps {
  readonly past: VersionCheckDeps['past'];
  readonly nodes: Nodes;
  /** For the status of the server; undefined: nobody asks for it. */
  readonly agents?: Pick<ConnectedAgents, 'joined' | 'reported'> | undefined;
  /** Throws a Refusal if no call is taken now. */
  readonly checkOpen: () => void;
  /** Calls one of the two, at once or when somebody was asked about the proof. */
  readonly whenProven: (
    call: AgentCall,
    failed: (error: unknown) => void,
    use: (proof: Proof) => void,
  ) => void;
  readonly metrics: FeedStreamsDeps['metrics'] &
    AgentReportsDeps['metrics'] & { readonly limitHit: (limit: ReportLimit) => void };
  readonly memory?: ServerMemory | undefined;
}

export interface FeedCalls {
  readonly take: (call: FeedCall) => void;
  /** Ends the streams that have begun. */
  readonly endAll: (error: Refusal) => void;
}

/** A call under way, whether its stream has begun or not. */
interface OpenCall {
  /** Who calls, as far as it is known. */
  readonly source: { node: string | undefined; readonly peer: string };
  readonly place: Place;
  /** Its first report has come. */
  readonly heard: () => void;
  /** Its stream has begun: from now on this ends it. */
  began(end: (refusal: Refusal) => void): void;
  /** Does nothing if it is over. */
  readonly end: (error: unknown) => void;
  readonly over: boolean;
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
}

/** The Feed calls: whose they are, and what their reports are worth. */
export function createFeedCalls(deps: FeedCallsDeps): FeedCalls {
  const { clock, log, metrics, checkOpen, whenProven } = deps;
  const hit = createReportLimitHits({ clock, log, counted: metrics.limitHit });
  const places = createStreamPlaces({ clock, hit, memory: deps.memory });
  const reader = createReportReader({ clock, hit, memory: deps.memory });
  const streams = createFeedStreams(deps);
  const reports = createAgentReports(deps);
  const versions = createVersionCheck(deps);

  function open(call: FeedCall): OpenCall {
    const peer = call.getPeer();
    const source: OpenCall['source'] = { node: undefined, peer };
    let endStream: ((refusal: Refusal) => void) | undefined;
    let over = false;
    const done = new AbortController();
    const end = (error: unknown) => {
      if (over) return;
      over = true;
      if (endStream === undefined) endCall(call, asRefusal(error));
      else endStream(asRefusal(error));
    };
    const place = places.enter(peer, end);
    const cancelWait = clock.schedule(FIRST_REPORT_WITHIN_MS, () => {
      end(new Refusal('ServerUnavailable', 'no report came within 5 s'));
    });
    call.on('cancelled', () => {
      if (!over && wasTooLarge(call)) reader.noteTooLarge(source);
    });
    const left = () => {
      over = true;
      done.abort();
      cancelWait();
      place.leave();
    };
    for (const event of ['end', 'close', 'cancelled', 'error'] as const) call.on(event, left);
    return {
      source,
      place,
      heard: cancelWait,
      began(how) {
        endStream = how;
      },
      end,
      signal: done.signal,
      get over() {
        return over;
      },
    };
  }

  /** From here on reports are read: who calls is looked at again with each. */
  function follow(call: FeedCall, proof: Proof, opened: OpenCall): void {
    const { source, place } = opened;
    const openSinceMs = clock.monotonic();
    let first = true;

    function know(identity: PeerIdentity): void {
      if (source.node === undefined) place.known(identity);
      source.node = identity.node;
    }

    function begin(identity: PeerIdentity, report: Report, { forget, isUnsure }: Beginning): void {
      opened.began(streams.begin(call, identity, { report, forget }));
      if (isUnsure) void beginAgainIfOlder(report, opened);
    }

    /** Once the API server has been asked, it is seen again who calls. */
    async function beginLater(report: Report, beginning: Promise<Beginning>): Promise<void> {
      try {
        const known = await beginning;
        if (opened.over) return;
        checkOpen();
        begin(proof.identity(report.nodeName), report, known);
      } catch (error) {
        opened.end(error);
      }
    }

    function take(bytes: Buffer): void {
      checkOpen();
      const received = reader.read(bytes, first, source);
      const { report } = received;
      const identity = proof.identity(report.nodeName);
      know(identity);
      reader.noteDropped(received, source);
      const reporter = { node: identity.node, peer: source.peer, openSinceMs };
      if (first) {
        first = false;
        opened.heard();
        const beginning = versions.begin(report);
        if (beginning instanceof Promise) void beginLater(report, beginning);
        else begin(identity, report, beginning);
        reports.first(reporter, report);
      }
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
  }

  /** An agent whose stream had to begin without an answer of the API server. */
  async function beginAgainIfOlder(report: Report, { signal, end }: OpenCall): Promise<void> {
    const mustForget = await versions.later(report, signal).catch(() => true);
    if (mustForget) end(wentBack());
  }

  return {
    take(call) {
      freeWhenOver(call, clock);
      call.on('error', (error) => {
        log.debug('feed stream broke', { error });
      });
      call.on('end', () => {
        endCall(call);
      });
      const opened = open(call);
      whenProven(call, opened.end, (proof) => {
        if (!opened.over) follow(call, proof, opened);
      });
    },
    endAll(error) {
      streams.endAll(error);
    },
  };
}

/** The agent comes again, is told to forget the resourceVersions that it has seen, and gets a new snapshot. */
export function wentBack(): Refusal {
  return new Refusal(
    'ServerUnavailable',
    'the API server went back to an older state: the agent is told all of it again',
  );
}
