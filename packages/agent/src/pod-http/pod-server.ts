import { BUG_HINT, createHttpServer, createMemory, createPlaces, describeError } from '@rolegate/runtime';
import type { Clock, HttpHooks, HttpServer, Log, RequestHead } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { AgentMemory } from '../memory/memory.ts';
import { createAnswerLog } from './answer/log.ts';
import type { Answered, AnswerMetrics } from './answer/record.ts';
import { createAnswering } from '../metadata/answering.ts';
import { clientOf, createConnections } from './connections.ts';
import type { Owner } from './connections.ts';
import { createAnswerDescriptions } from './answer-descriptions.ts';
import { createCompletion, createRefusedAnswers } from './complete-exchange.ts';
import { createExchanges, createRequestIds } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { createFirstRequests } from './answer/first-requests.ts';
import { createHolds } from './hold.ts';
import { holdBudget } from '../metadata/hold-budget.ts';
import type { HoldSettings } from '../metadata/hold-budget.ts';
import { createHostCheck } from './host-check.ts';
import { defaultLimits, metadataHttpLimits, sharedPlaces } from './http-limits.ts';
import type { LimitsOptions } from './http-limits.ts';
import { limitName } from './limit-hits.ts';
import type { LimitHits } from './limit-hits.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import { createRoutes } from '../metadata/request/routes.ts';
import type { Imdsv1Mode } from '../metadata/rows/situation.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';

export interface MetadataSettings extends HoldSettings {
  /** Accepted Host headers: `metadataHosts` and each `--metadata-host`. */
  readonly hosts: readonly string[];
  readonly imdsv1: Imdsv1Mode;
  /** The groups of paths that are open on this node. */
  readonly groups: ReadonlySet<string>;
  readonly limits?: LimitsOptions;
}

export interface MetadataServerDeps {
  readonly callers: Pick<Callers, 'identify' | 'onChange' | 'onHandover'>;
  readonly table: Pick<PodTable, 'pod' | 'session' | 'onChange'>;
  readonly tokens: Pick<Tokens, 'mint' | 'check'>;
  readonly other: OtherMetadata;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AnswerMetrics;
  readonly limitHit: LimitHits['hit'];
  readonly settings: MetadataSettings;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Called for each hold that waits for the owner of its address. */
  readonly onUnknownIp?: (ip: string, requestId: string) => void;
  readonly memory?: AgentMemory;
}

export interface MetadataLoad {
  readonly connections: number;
  /** Held requests. */
  readonly waiting: number;
}

export interface MetadataServer {
  /** Can be called for several addresses. Rejects if another process has the port exclusively. */
  listen(address: string, port: number): Promise<{ readonly port: number }>;
  /** Closes the listeners, answers accepted requests, and resolves when that is done, in bounded time. */
  close(): Promise<void>;
  /** The current load. */
  readonly load: () => MetadataLoad;
}

/** The minimum, and how much longer than the longest hold. Milliseconds. */
const CLOSE_MS = 2_000;
const AFTER_HOLDS_MS = 500;
/**
 * Connections that wait to be accepted. Beyond it the kernel drops attempts of all Pods, which are retried only after a second,
 * when SDKs give up. Node.js's default of 511 can be used up by one Pod. The kernel caps it (net.core.somaxconn).
 */
const BACKLOG = 4_096;
/** Only the body of a PUT is read, which is how tokens are requested. Bytes. */
const BODY_BYTES = 4_096;

/** Enough for the Pods that send requests continuously; heads contain the token. */
const KNOWN_HEADS = { most: 512, keepMs: 600_000 };

/** Everything between a Pod's connection and its answer (DESIGN 4.2, 4.3). */
export function createMetadataServer(deps: MetadataServerDeps): MetadataServer {
  const { callers, table, clock, log, metrics, settings, memory = createMemory({ clock }) } = deps;
  const { limits: most = defaultLimits, imdsv1, groups, hosts } = settings;
  const answered = eachOf(createAnswerLog({ clock, log }), metrics);
  const requestId = createRequestIds(deps.randomBytes);
  const waiting = createPlaces<Exchange>(sharedPlaces(most.waitingPerPod, most.waiting));
  const holds = createHolds({ clock, changes: [table.onChange, callers.onChange] });
  const firstRequests = createFirstRequests({ isKnown: (uid) => table.pod(uid) !== undefined, memory });
  const descriptions = createAnswerDescriptions({ clock, firstRequests, identify: callers.identify });
  const open = createExchanges({ routeOf: createRoutes({ ...deps.other, memory }), requestId, clock });
  const server = createListener(deps, {
    most,
    memory,
    request: (request) => {
      answer(open(request));
    },
    refused: createRefusedAnswers({ requestId, answered }),
  });
  const connections = createConnections({ server, identify: callers.identify });
  const answer = createAnswering({
    ...deps,
    ...createCompletion({ waiting, respond: server.respond, descriptions, answered, metrics }),
    connections,
    waiting,
    holds,
    imdsv1,
    groups,
    isHostAllowed: createHostCheck(hosts),
    holdBudgetMs: (userAgent) => holdBudget(userAgent, settings),
    onUnknownIp: deps.onUnknownIp ?? (() => undefined),
  });
  const stopHandovers = callers.onHandover(connections.handOver);

  async function close(): Promise<void> {
    const longestMs = Math.max(settings.holdMs, settings.holdGoMs, settings.holdPatientMs);
    await server.close(Math.max(CLOSE_MS, longestMs + AFTER_HOLDS_MS));
    stopHandovers();
    holds.close();
  }

  let closed: Promise<void> | undefined;
  return {
    async listen(address, port) {
      const at = { host: address, port, reusePort: true, backlog: BACKLOG };
      return { port: await server.listen(at) };
    },
    close: () => (closed ??= close()),
    load: () => ({ connections: server.connections.size, waiting: waiting.size() }),
  };
}

interface ListenerParts extends Pick<HttpHooks<Owner>, 'request' | 'refused'> {
  readonly most: LimitsOptions;
  readonly memory: AgentMemory;
}

/** The HTTP server for Pods, with its limits. */
function createListener(
  { callers, clock, log, limitHit }: MetadataServerDeps,
  { most, memory, request, refused }: ListenerParts,
): HttpServer<Owner> {
  return createHttpServer<Owner>({
    limits: metadataHttpLimits(most),
    clock,
    heads: memory.remember<RequestHead>('heads', KNOWN_HEADS),
    hooks: {
      opened({ ip }) {
        const caller = callers.identify(ip);
        return { client: clientOf(caller, ip), context: { uid: ownerUid(caller) } };
      },
      bodyBytes: (method) => (method === 'PUT' ? BODY_BYTES : 0),
      request,
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
    log.error('metadata listener failed', { error, hint });
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
