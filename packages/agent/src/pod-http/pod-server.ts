import { BUG_HINT, createHttpServer, createMemory, createPlaces, describeError } from '@rolegate/runtime';
import type { Clock, HttpHooks, HttpServer, Log, RequestHead } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { AgentMemory } from '../memory/memory.ts';
import { createFirstRequests } from './answer/first-requests.ts';
import { createAnswerLog } from './answer/log.ts';
import type { Answered, AnswerMetrics } from './answer/record.ts';
import { createAnswerDescriptions } from './answer-descriptions.ts';
import { createCompletion, createRefusedAnswers } from './complete-exchange.ts';
import type { Completion } from './complete-exchange.ts';
import { clientOf, createConnections } from './connections.ts';
import type { Connections, Endpoint, Owner } from './connections.ts';
import { createRequestIds } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { createGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import { createHolds } from './hold.ts';
import type { HoldsDeps } from './hold.ts';
import { createHolding, createTakePlace } from './holding.ts';
import type { HoldExchange, TakePlace } from './holding.ts';
import { defaultLimits, podHttpLimits, sharedPlaces } from './http-limits.ts';
import type { LimitsOptions } from './http-limits.ts';
import { limitName } from './limit-hits.ts';
import type { LimitHits } from './limit-hits.ts';

export interface PodServerDeps {
  readonly callers: Pick<Callers, 'identify' | 'onChange' | 'onHandover'>;
  readonly table: Pick<PodTable, 'pod' | 'onChange'>;
  /** What held requests wait for, in addition to the table and the callers. */
  readonly changes?: HoldsDeps['changes'];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AnswerMetrics;
  readonly limitHit: LimitHits['hit'];
  readonly limits?: LimitsOptions;
  /** Milliseconds. */
  readonly longestHoldMs: number;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Called for each hold that waits for the owner of its address. */
  readonly onUnknownIp?: ((ip: string, requestId: string) => void) | undefined;
  readonly memory?: AgentMemory;
}

/** What an endpoint answers requests with. */
export interface EndpointParts extends Completion {
  readonly connections: Connections;
  readonly guarded: Guard;
  readonly takePlace: TakePlace;
  readonly hold: HoldExchange;
  readonly requestId: () => string;
  readonly clock: Clock;
}

export interface PodLoad {
  readonly connections: number;
  /** Held requests. */
  readonly waiting: number;
}

/** The HTTP server of both endpoints, which share its limits. */
export interface PodServer {
  readonly parts: EndpointParts;
  /**
   * Can be called for several addresses; each port belongs to one endpoint. Rejects if another process has the port exclusively.
   */
  listen(endpoint: Endpoint, address: string, port: number): Promise<{ readonly port: number }>;
  /** Closes the listeners, answers accepted requests, and resolves when that is done, in bounded time. */
  readonly close: () => Promise<void>;
  /** The current load. */
  readonly load: () => PodLoad;
  /** What a Pod has requested credentials with, by its UID. */
  readonly clientsOf: (uid: string) => readonly string[];
}

/** The minimum, and how much longer than the longest hold. Milliseconds. */
const CLOSE_MS = 2_000;
const AFTER_HOLDS_MS = 500;
/**
 * Connections that wait to be accepted. Beyond it the kernel drops attempts of all Pods, which are retried only after a second,
 * when SDKs give up. Node.js's default of 511 can be used up by one Pod. The kernel caps it (net.core.somaxconn).
 */
const BACKLOG = 4_096;
/** Only the body of a PUT is read, which is how metadata tokens are requested. Bytes. */
const BODY_BYTES = 4_096;

/** Enough for the Pods that send requests continuously; heads contain the token. */
const KNOWN_HEADS = { most: 512, keepMs: 600_000 };

/** Everything between a Pod's connection and the endpoint that it is for, and between the answer and the log. */
export function createPodServer(deps: PodServerDeps): PodServer {
  const { callers, table, clock, log, metrics, memory = createMemory({ clock }) } = deps;
  const { limits: most = defaultLimits, limitHit, longestHoldMs } = deps;
  const answered = eachOf(createAnswerLog({ clock, log }), metrics);
  const requestId = createRequestIds(deps.randomBytes);
  const waiting = createPlaces<Exchange>(sharedPlaces(most.waitingPerPod, most.waiting));
  const holds = createHolds({ clock, changes: [table.onChange, callers.onChange, ...(deps.changes ?? [])] });
  const firstRequests = createFirstRequests({ isKnown: (uid) => table.pod(uid) !== undefined, memory });
  const descriptions = createAnswerDescriptions({ clock, firstRequests, identify: callers.identify });
  const endpoints = new Map<number, Endpoint>();
  const refused = createRefusedAnswers({ requestId, answered });
  const server = createListener(deps, { most, memory, endpoints, refused });
  const connections = createConnections({ server, identify: callers.identify });
  const completion = createCompletion({ waiting, respond: server.respond, descriptions, answered, metrics });
  const guarded = createGuard({ ...completion, log });
  const takePlace = createTakePlace({ ...completion, waiting, limitHit });
  const { onUnknownIp = () => undefined } = deps;
  const hold = createHolding({ ...completion, guarded, takePlace, holds, onUnknownIp });
  const stopHandovers = callers.onHandover(connections.handOver);

  async function close(): Promise<void> {
    await server.close(Math.max(CLOSE_MS, longestHoldMs + AFTER_HOLDS_MS));
    stopHandovers();
    holds.close();
  }

  let closed: Promise<void> | undefined;
  return {
    parts: { ...completion, connections, guarded, takePlace, hold, requestId, clock },
    async listen(endpoint, address, at) {
      const port = await server.listen({ host: address, port: at, reusePort: true, backlog: BACKLOG });
      // Before the first connection is accepted, in the next turn of the event loop.
      endpoints.set(port, endpoint);
      return { port };
    },
    close: () => (closed ??= close()),
    load: () => ({ connections: server.connections.size, waiting: waiting.size() }),
    clientsOf: firstRequests.clientsOf,
  };
}

interface ListenerParts extends Pick<HttpHooks<Owner>, 'refused'> {
  readonly most: LimitsOptions;
  readonly memory: AgentMemory;
  /** By port. */
  readonly endpoints: ReadonlyMap<number, Endpoint>;
}

/** The HTTP server for Pods, with its limits. */
function createListener(
  { callers, clock, log, limitHit }: PodServerDeps,
  { most, memory, endpoints, refused }: ListenerParts,
): HttpServer<Owner> {
  return createHttpServer<Owner>({
    limits: podHttpLimits(most),
    clock,
    heads: memory.remember<RequestHead>('heads', KNOWN_HEADS),
    hooks: {
      opened({ ip }, port) {
        const endpoint = endpoints.get(port);
        if (endpoint === undefined) throw new Error(`no endpoint has port ${port}`);
        const caller = callers.identify(ip);
        return { client: clientOf(caller, ip), context: { endpoint, uid: ownerUid(caller) } };
      },
      bodyBytes: (method) => (method === 'PUT' ? BODY_BYTES : 0),
      request: (request) => {
        request.connection.context.endpoint.serve(request);
      },
      refused,
      limited: (limit, client, ip) => {
        limitHit(limitName(limit), client, ip);
      },
    },
    failed: (what, error) => {
      FAILURES[what](log, describeError(error));
    },
  });
}

const FAILURES = {
  connection(log: Log, error: string) {
    log.error('request failed', { error, hint: BUG_HINT });
  },
  listener(log: Log, error: string) {
    const hint = 'Check the limit of open files (ulimit -n) and the memory of the node.';
    log.error('listener for Pods failed', { error, hint });
  },
  'send queues'(log: Log, error: string) {
    const hint =
      'Connections that are still sending an answer can be closed early while this fails. Check that the agent can read /proc/net/tcp.';
    log.warn('cannot read send queues', { error, hint });
  },
} as const;

function eachOf(writeLog: Answered, metrics: AnswerMetrics): Answered {
  return (facts, describe) => {
    writeLog(facts, describe);
    metrics.answered(facts, describe);
  };
}
