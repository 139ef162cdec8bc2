import { status } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { reasons, Refusal } from '@rolegate/protocol';
import type {
  AgentReportRead,
  FeedUpdate,
  ResolveRequestRead,
  ResolveResponse,
  RolegateHandlers,
} from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import { createAgentStream } from './node-stream.ts';
import type { Nodes } from './nodes.ts';

/** An agent that says nothing for so long after it opened a stream is not one. */
const FIRST_REPORT_WITHIN_MS = 5_000;
/** Sessions of one node: more Pods than a kubelet takes, many times over. */
const MOST_HELD_SESSIONS = 4_096;

export interface FeedServiceDeps {
  readonly nodes: Nodes;
  /** The node that the caller's certificate names; undefined where it names none. */
  readonly nodeOfCaller: (call: { getAuthContext(): unknown }) => string | undefined;
  /** When the caller's certificate ends, milliseconds since the epoch. */
  readonly certificateEndsMs: (call: { getAuthContext(): unknown }) => number | undefined;
  readonly synced: () => boolean;
  readonly podsResourceVersion: () => string;
  readonly tokenSecret: Buffer;
  readonly version: string;
  readonly serverName: string;
  /** Streams end after about so long, so that agents spread over the replicas. Milliseconds. */
  readonly streamAgeMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: {
    foreignNode(): void;
    streams(change: 1 | -1): void;
    answers(reason: string, count: number): void;
  };
}

export interface FeedService {
  readonly handlers: RolegateHandlers;
  /** Ends all streams with UNAVAILABLE and takes no new ones: agents go elsewhere. */
  drain(): void;
}

type FeedCall = ServerDuplexStream<AgentReportRead, FeedUpdate>;

/** The gRPC service: who may call, when a stream begins and when it ends. */
export function createFeedService(deps: FeedServiceDeps): FeedService {
  const { nodes, synced, log, metrics } = deps;
  const open = new Set<(message: string) => void>();
  let draining = false;

  /** The caller's node; throws what the caller is told. */
  function admit(call: { getAuthContext(): unknown; getPeer(): string }): string {
    if (draining) throw new Refusal('ServerUnavailable', 'the server is stopping');
    if (!synced()) throw new Refusal('ServerUnavailable', 'the server has not read the cluster yet');
    const node = deps.nodeOfCaller(call);
    if (node === undefined) throw foreign(call.getPeer(), 'the client certificate names no node');
    return node;
  }

  function foreign(peer: string, message: string, fields: object = {}): Refusal {
    metrics.foreignNode();
    log.error('agent refused', { audit: true, reason: 'ForeignNode', peer, error: message, ...fields });
    return new Refusal('ForeignNode', message);
  }

  function feed(call: FeedCall): void {
    let first = true;
    let end: (error: Refusal) => void = (error) => {
      fail(call, error);
    };
    const cancelWait = deps.clock.schedule(FIRST_REPORT_WITHIN_MS, () => {
      if (first) end(new Refusal('ServerUnavailable', 'no report came within 5 s'));
    });
    call.on('data', (report: AgentReportRead) => {
      try {
        const node = admit(call);
        if (report.nodeName !== '' && report.nodeName !== node) {
          throw foreign(call.getPeer(), `the certificate is of node ${node}, the report of another`, {
            node,
          });
        }
        if (first) {
          first = false;
          cancelWait();
          end = begin(call, node, report);
        }
        note(node, report);
      } catch (error) {
        end(asRefusal(error));
      }
    });
    call.on('error', (error) => {
      log.debug('feed stream broke', { error });
    });
    for (const event of ['end', 'close', 'cancelled'] as const) call.on(event, cancelWait);
  }

  /** Joins the node; returns what ends the stream with an error. */
  function begin(call: FeedCall, node: string, report: AgentReportRead): (error: Refusal) => void {
    const { clock, random, streamAgeMs } = deps;
    const heldSessions = report.heldSessions.slice(0, MOST_HELD_SESSIONS);
    const stream = createAgentStream({
      sink: call,
      node,
      tokenSecret: deps.tokenSecret,
      clock,
      report: { ...report, heldSessions },
    });
    // A stream ends with the certificate that opened it.
    const certificateMs = (deps.certificateEndsMs(call) ?? Infinity) - clock.now();
    const ageMs = Math.min(streamAgeMs * (0.8 + 0.4 * random()), Math.max(0, certificateMs));
    stream.hello({ version: deps.version, serverName: deps.serverName, streamEndsInMs: Math.round(ageMs) });
    const leave = nodes.join(node, stream, heldSessions);
    stream.synced(deps.podsResourceVersion());
    metrics.streams(1);
    log.info('agent connected', { node, version: report.version, heldSessions: heldSessions.length });

    const cancelAge = clock.schedule(ageMs, () => {
      endForAge('the stream has reached its age');
    });
    let over = false;
    const finish = () => {
      if (over) return;
      over = true;
      cancelAge();
      open.delete(endForAge);
      leave();
      stream.close();
      metrics.streams(-1);
      log.info('agent disconnected', { node });
    };
    const endWith = (error: Refusal) => {
      finish();
      fail(call, error);
    };
    const endForAge = (message: string) => {
      endWith(new Refusal('ServerUnavailable', message));
    };
    open.add(endForAge);
    call.on('end', () => {
      finish();
      call.end();
    });
    call.on('cancelled', finish);
    call.on('close', finish);
    call.on('error', finish);
    return endWith;
  }

  function note(node: string, report: AgentReportRead): void {
    nodes.used(node, report.usedSessionIds);
    for (const [reason, count] of Object.entries(report.answersByReason)) metrics.answers(reason, count);
    for (const { podUid, sessionId, heldMs } of report.firstDeliveries) {
      log.debug('first delivery', { node, uid: podUid, session: sessionId, durationMs: heldMs });
    }
  }

  function resolve(
    call: ServerUnaryCall<ResolveRequestRead, ResolveResponse>,
    callback: sendUnaryData<ResolveResponse>,
  ): void {
    try {
      const pod = nodes.resolve(admit(call), call.request.ip);
      callback(null, pod === undefined ? {} : { pod });
    } catch (error) {
      callback(asStatus(asRefusal(error)));
    }
  }

  return {
    handlers: {
      Feed: feed,
      Resolve: resolve,
      Attest(_call, callback) {
        callback({
          code: status.UNIMPLEMENTED,
          details: 'this server has no authority of its own: give the agent a certificate',
        });
      },
    },
    drain() {
      draining = true;
      for (const end of open) end('the server is stopping');
    },
  };
}

function fail(call: FeedCall, error: Refusal): void {
  call.emit('error', asStatus(error));
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal('ServerUnavailable', 'the server failed on this request', { cause: error });
}

/** The details begin with the reason: a metric label and a log field on the other side. */
function asStatus({ reason, message }: Refusal) {
  return { code: reasons[reason].grpc, details: `${reason}: ${message}` };
}
