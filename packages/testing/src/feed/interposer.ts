import { Server, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import {
  createClientCredentials,
  createRolegateClient,
  createServerCredentials,
  rolegateService,
  watchTlsFiles,
} from '@rolegate/protocol';
import type {
  AgentReport,
  AgentReportRead,
  FeedUpdateRead,
  RolegateClient,
  RolegateHandlers,
  TlsFiles,
  TlsSource,
} from '@rolegate/protocol';
import { createFakeClock } from '../time/clock.ts';

export interface FeedInterposerOptions {
  /** The real server on loopback. */
  readonly target: { readonly port: number; readonly serverName: string };
  /** Presented to agents: a certificate with the server's name. */
  readonly asServer: TlsFiles;
  /** Presented to the server: the certificate of the agent's node. */
  readonly asAgent: TlsFiles;
}

export type UpdateFilter = (update: FeedUpdateRead) => boolean;
export type ReportRewrite = (report: AgentReportRead) => AgentReport;

/**
 * Sits between one node's agent and a server and handles messages, so it can reorder them, which a TCP proxy cannot.
 */
export interface FeedInterposer {
  readonly port: number;
  /** All messages of the server and the agents, in order of arrival. */
  readonly updates: readonly FeedUpdateRead[];
  readonly reports: readonly AgentReportRead[];
  /** Holds back matching updates until `release`. Others overtake them. */
  hold(fits: UpdateFilter): void;
  /** Sends the held updates, optionally reordered, and stops holding. */
  release(order?: (held: readonly FeedUpdateRead[]) => readonly FeedUpdateRead[]): void;
  /** Drops matching updates from now on. Without a filter, drops none. */
  drop(fits?: UpdateFilter): void;
  /** From now on the server gets what this returns for each report. Without a function, the report itself. */
  rewrite(report?: ReportRewrite): void;
  /** Answers this call as a server that does not have it. */
  refuse(call: 'ReviewToken'): void;
  close(): void;
}

interface Held {
  readonly update: FeedUpdateRead;
  readonly send: (update: FeedUpdateRead) => void;
}

interface Traffic {
  readonly updates: FeedUpdateRead[];
  readonly reports: AgentReportRead[];
  held: Held[];
  holds: UpdateFilter;
  drops: UpdateFilter;
  rewrites: ReportRewrite;
  readonly refused: Set<string>;
}

const none: UpdateFilter = () => false;
const asItIs: ReportRewrite = (report) => report;

/** Starts it on a free port of 127.0.0.1. */
export async function startFeedInterposer({
  target,
  asServer,
  asAgent,
}: FeedInterposerOptions): Promise<FeedInterposer> {
  const traffic: Traffic = {
    updates: [],
    reports: [],
    held: [],
    holds: none,
    drops: none,
    rewrites: asItIs,
    refused: new Set(),
  };
  const client = createRolegateClient({
    target: `127.0.0.1:${target.port}`,
    credentials: createClientCredentials(sourceOf(asAgent, 'client')),
    serverName: target.serverName,
  });
  const server = new Server();
  server.addService(rolegateService, handlersOf(client, traffic));
  const port = await bind(server, sourceOf(asServer, 'server'));
  return {
    port,
    updates: traffic.updates,
    reports: traffic.reports,
    hold(fits) {
      traffic.holds = fits;
    },
    release(order = (held) => held) {
      const { held } = traffic;
      traffic.holds = none;
      traffic.held = [];
      for (const update of order(held.map((one) => one.update))) {
        held.find((one) => one.update === update)?.send(update);
      }
    },
    drop(fits = none) {
      traffic.drops = fits;
    },
    rewrite(report = asItIs) {
      traffic.rewrites = report;
    },
    refuse(call) {
      traffic.refused.add(call);
    },
    close() {
      client.close();
      server.forceShutdown();
    },
  };
}

function handlersOf(client: RolegateClient, traffic: Traffic): RolegateHandlers {
  return {
    Feed(call) {
      const upstream = client.Feed();
      call.on('data', (report: AgentReportRead) => {
        traffic.reports.push(report);
        upstream.write(traffic.rewrites(report));
      });
      call.on('end', () => {
        upstream.end();
      });
      call.on('cancelled', () => {
        upstream.cancel();
      });
      upstream.on('data', (update: FeedUpdateRead) => {
        traffic.updates.push(update);
        const send = (one: FeedUpdateRead) => {
          call.write(one);
        };
        if (traffic.drops(update)) return;
        if (traffic.holds(update)) traffic.held.push({ update, send });
        else send(update);
      });
      upstream.on('end', () => {
        call.end();
      });
      upstream.on('error', (error) => {
        if (!call.cancelled) call.emit('error', statusOf(error));
      });
    },
    Resolve({ request }, callback) {
      client.Resolve(request, (error, response) => {
        callback(error === null ? null : statusOf(error), response);
      });
    },
    Attest({ request }, callback) {
      client.Attest(request, (error, response) => {
        callback(error === null ? null : statusOf(error), response);
      });
    },
    ReviewToken({ request }, callback) {
      if (traffic.refused.has('ReviewToken')) {
        callback({
          code: status.UNIMPLEMENTED,
          details: 'The server does not implement the method ReviewToken',
        });
        return;
      }
      client.ReviewToken(request, (error, response) => {
        callback(error === null ? null : statusOf(error), response);
      });
    },
  };
}

/** The server's status without what grpc-js attached to it here. */
function statusOf(error: Error): Pick<ServiceError, 'code' | 'details'> {
  const { code, details } = error as ServiceError;
  return { code, details };
}

/** The files of a test do not change, so the clock stands still. */
function sourceOf(files: TlsFiles, purpose: 'server' | 'client'): TlsSource {
  const silent = { info: () => undefined, error: () => undefined };
  const clock = createFakeClock({ nowMs: Date.now() });
  return watchTlsFiles({ files, purpose, clock, log: silent, signal: AbortSignal.abort() });
}

function bind(server: Server, source: TlsSource): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', createServerCredentials(source), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
