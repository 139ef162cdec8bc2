import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '@grpc/grpc-js';
import {
  createClientCredentials,
  createRolegateClient,
  createServerCredentials,
  nodeOfPeer,
  onClientConnection,
  onRefusedHandshake,
  rolegateService,
  watchTlsFiles,
} from '@rolegate/protocol';
import type {
  ClientCertificate,
  ClientConnection,
  RefusedHandshake,
  RolegateClient,
  RolegateHandlers,
  TlsPurpose,
  TlsSource,
} from '@rolegate/protocol';
import { createFakeClock, createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { FakeClock, IssueOptions, TestCa } from '@rolegate/testing';

export const SERVER_NAME = 'rolegate-server';
const NODE_URI = 'spiffe://rolegate/node/node-1';
export const SERVER_CERT: IssueOptions = { dns: [SERVER_NAME], usages: ['server'] };
export const CLIENT_CERT: IssueOptions = { uris: [NODE_URI], usages: ['client'] };
const POLL_MS = 1_000;

export interface LogLine {
  readonly message: string;
  readonly error?: string;
}

/** One side's certificates in a folder of their own, watched by the fake clock. */
export interface Side {
  readonly source: TlsSource;
  readonly lines: LogLine[];
  /** Writes new files and runs the poll. */
  rewrite(options: { from: TestCa; cert: IssueOptions; ca: string }): Promise<void>;
  readonly paths: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** A server and its clients over real mTLS on loopback, closed by `await using`. */
export interface Mtls extends AsyncDisposable {
  readonly ca: TestCa;
  readonly clock: FakeClock;
  readonly port: number;
  readonly server: Side;
  readonly refused: RefusedHandshake[];
  readonly connections: ClientConnection[];
  side(purpose: TlsPurpose, options: { from?: TestCa; cert: IssueOptions; ca?: string }): Promise<Side>;
  /** Connects to this server, or to another port. */
  client(side: Side, serverName?: string, toPort?: number): RolegateClient;
}

export async function startMtls({
  ca,
  serverCert = SERVER_CERT,
  ...options
}: {
  ca?: TestCa;
  serverCert?: IssueOptions;
  clientCertificate?: ClientCertificate;
  handshakeWithinMs?: number;
} = {}): Promise<Mtls> {
  const authority = ca ?? (await createTestCa());
  const clock = createFakeClock({ nowMs: Date.now() });
  const stop = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-mtls-'));
  const clients: RolegateClient[] = [];
  const credentialsOf = new Map<Side, ReturnType<typeof createClientCredentials>>();
  const refused: RefusedHandshake[] = [];
  const connections: ClientConnection[] = [];
  let folders = 0;

  async function side(
    purpose: TlsPurpose,
    {
      from = authority,
      cert,
      ca: trusted = authority.pem,
    }: { from?: TestCa; cert: IssueOptions; ca?: string },
  ): Promise<Side> {
    const own = join(folder, String((folders += 1)));
    const paths = await writeTlsFiles(own, { ...(await from.issue(cert)), ca: trusted });
    const lines: LogLine[] = [];
    const note = (message: string, fields: object = {}) => {
      lines.push({ message, ...fields });
    };
    const log = { info: note, error: note };
    const source = watchTlsFiles({ files: paths, purpose, clock, log, signal: stop.signal, pollMs: POLL_MS });
    return {
      source,
      lines,
      paths,
      async rewrite(next) {
        await writeTlsFiles(own, { ...(await next.from.issue(next.cert)), ca: next.ca });
        await clock.advance(POLL_MS);
      },
    };
  }

  const serverSide = await side('server', { cert: serverCert });
  const server = new Server();
  server.addService(rolegateService, echo);
  const port = await bind(server, serverSide.source, options);
  onRefusedHandshake(server, (one) => refused.push(one));
  onClientConnection(server, (one) => connections.push(one));

  return {
    ca: authority,
    clock,
    port,
    server: serverSide,
    refused,
    connections,
    side,
    client(of, serverName = SERVER_NAME, toPort = port) {
      const credentials = credentialsOf.get(of) ?? createClientCredentials(of.source);
      credentialsOf.set(of, credentials);
      const client = createRolegateClient({ target: `127.0.0.1:${toPort}`, credentials, serverName });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      for (const client of clients) client.close();
      server.forceShutdown();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Calls Resolve. Resolves with the node that the server saw; rejects with the call's error. */
export function whoAmI(client: RolegateClient, withinMs = 5_000): Promise<string> {
  return new Promise((resolve, reject) => {
    client.Resolve({ ip: '192.0.2.1' }, { deadline: Date.now() + withinMs }, (error, response) => {
      if (error !== null) reject(error);
      else resolve(response?.pod?.name ?? '');
    });
  });
}

/** Resolve answers with the peer's node, Feed with an empty Synced for each report. */
const echo: RolegateHandlers = {
  Resolve(call, callback) {
    callback(null, {
      pod: { uid: 'uid', name: nodeOfPeer(call, 'rolegate') ?? 'none', ips: [call.request.ip] },
    });
  },
  Feed(call) {
    call.on('data', (report) => {
      call.write({ synced: { podsResourceVersion: (report as { version: string }).version } });
    });
    call.on('end', () => {
      call.end();
    });
    call.on('error', () => undefined);
  },
  Attest(_call, callback) {
    callback(null, {});
  },
  ReviewToken(_call, callback) {
    callback(null, {});
  },
};

type ServerOptions = Parameters<typeof createServerCredentials>[1];

function bind(server: Server, source: TlsSource, options: ServerOptions): Promise<number> {
  const credentials = createServerCredentials(source, options);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
