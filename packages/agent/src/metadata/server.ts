import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Log } from '@rolegate/runtime';
import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/pod-table.ts';
import { createAnswerLog } from './answer-log.ts';
import type { AnswerMetrics, AnswerRecord } from './answer-record.ts';
import { createAnswering } from './answering.ts';
import { createConnections } from './connections.ts';
import { createDescribeAnswer } from './describe-answer.ts';
import { createExchanges } from './exchange.ts';
import { createFinish } from './finish.ts';
import { createFirstRequests } from './first-requests.ts';
import { createHolds } from './hold.ts';
import { createHostCheck } from './host-check.ts';
import { closeHttp, listenHttp } from './listen-http.ts';
import type { HttpEvents } from './listen-http.ts';
import { createLimits, defaultLimits } from './limits.ts';
import type { LimitsOptions } from './limits.ts';
import type { OtherMetadata } from './other-metadata.ts';
import { createRequestIds } from './request-ids.ts';
import { createRoutes } from './routes.ts';
import { isGo } from './sdk.ts';
import { holderUid } from './situation.ts';
import type { Imdsv1Mode } from './situation.ts';
import type { Tokens } from './tokens.ts';
import { createUnparsed } from './unparsed.ts';

export interface MetadataSettings {
  /** Host headers that are answered: `metadataHosts` and each `--metadata-host`. */
  readonly hosts: readonly string[];
  readonly imdsv1: Imdsv1Mode;
  /** How long a request may wait. Milliseconds. */
  readonly holdMs: number;
  /** The same for `aws-sdk-go*`, which gives up after 500 ms. Milliseconds. */
  readonly holdGoMs: number;
  /** The groups of paths that this node opens. */
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
  readonly settings: MetadataSettings;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Called once for each hold that waits for who holds its address. */
  readonly onUnknownIp?: (ip: string, requestId: string) => void;
}

export interface MetadataServer {
  /** Can be called for more than one address. Rejects where somebody has it who does not share it. */
  listen(address: string, port: number): Promise<{ readonly port: number }>;
  /** Listens no more, answers what was accepted, and resolves when that is done, in bounded time. */
  close(): Promise<void>;
}

/** At the least, and so much longer than the longest hold. Milliseconds. */
const CLOSE_MS = 2_000;
const AFTER_HOLDS_MS = 500;

/** Everything between a Pod's connection and its answer (DESIGN 4.2, 4.3). */
export function createMetadataServer(deps: MetadataServerDeps): MetadataServer {
  const servers = new Set<Server>();
  const state = { closing: false };
  const { stop, ...events } = createParts(deps, () => state.closing);

  async function close(): Promise<void> {
    state.closing = true;
    const { holdMs, holdGoMs } = deps.settings;
    const cancel = deps.clock.schedule(
      Math.max(CLOSE_MS, Math.max(holdMs, holdGoMs) + AFTER_HOLDS_MS),
      () => {
        for (const server of servers) server.closeAllConnections();
      },
    );
    await Promise.all([...servers].map((server) => closeHttp(server, deps.clock)));
    cancel();
    stop();
  }

  let closed: Promise<void> | undefined;
  return {
    async listen(address, port) {
      const server = await listenHttp({ address, port, log: deps.log, ...events });
      servers.add(server);
      return { port: (server.address() as AddressInfo).port };
    },
    close: () => (closed ??= close()),
  };
}

/** What all listeners share. */
function createParts(deps: MetadataServerDeps, isClosing: () => boolean): HttpEvents & { stop: () => void } {
  const { callers, table, clock, log, metrics, settings } = deps;
  const { limits: most = defaultLimits, imdsv1, groups, hosts, holdMs, holdGoMs } = settings;
  const limits = createLimits(most);
  const connections = createConnections({ limits, holderOf: (ip) => holderUid(callers.identify(ip)) });
  const holds = createHolds({ clock, changes: [table.onChange, callers.onChange] });
  const answered = eachOf(createAnswerLog({ clock, log }), metrics);
  const firstRequests = createFirstRequests({ isKnown: (uid) => table.pod(uid) !== undefined });
  const describe = createDescribeAnswer({ clock, firstRequests, identify: callers.identify });
  const answer = createAnswering({
    ...deps,
    ...createFinish({ limits, describe, answered, metrics, isClosing }),
    connections,
    limits,
    holds,
    imdsv1,
    groups,
    isHostAllowed: createHostCheck(hosts),
    holdBudgetMs: (userAgent) => (isGo(userAgent) ? holdGoMs : holdMs),
    onUnknownIp: deps.onUnknownIp ?? (() => undefined),
  });
  const requestId = createRequestIds(deps.randomBytes);
  const refuse = createUnparsed({ clock, requestId, answered });
  const open = createExchanges({ routeOf: createRoutes(deps.other), requestId, clock });
  const stopHandovers = callers.onHandover(connections.handOver);

  return {
    accept: connections.accept,
    request(request, response) {
      const connection = connections.of(request.socket);
      if (connection === undefined) request.socket.destroy();
      else answer(open(request, response, connection));
    },
    unparsed(error, socket) {
      const connection = connections.of(socket);
      if (connection === undefined) socket.destroy();
      else refuse(error, connection);
    },
    stop() {
      stopHandovers();
      holds.close();
    },
  };
}

function eachOf(writeLog: (record: AnswerRecord) => void, metrics: AnswerMetrics) {
  return (record: AnswerRecord): void => {
    writeLog(record);
    metrics.answered(record);
  };
}
