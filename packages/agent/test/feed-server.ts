import { join } from 'node:path';
import { Server } from '@grpc/grpc-js';
import { createServerCredentials, rolegateService, watchTlsFiles } from '@rolegate/protocol';
import type { AgentReportRead, FeedUpdate, RolegateHandlers } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock, createTestCa, writeTlsFiles } from '@rolegate/testing';

/** A node with one Pod and its credentials. */
export const UPDATES: readonly FeedUpdate[] = [
  { hello: { version: '1', serverName: 's', serverTimeMs: 0, streamEndsInMs: 0 } },
  { tokenKeys: { keys: [{ id: 'k1', secret: Buffer.alloc(32, 7) }] } },
  {
    session: {
      sessionId: 's1',
      credentials: {
        accessKeyId: 'ASIA1',
        secretAccessKey: 'secret',
        sessionToken: 'token',
        accountId: '123456789012',
        fingerprint: 'f',
        remainingMs: 3_600_000,
        lifetimeMs: 3_600_000,
      },
    },
  },
  {
    pod: {
      uid: 'u1',
      namespace: 'shop',
      name: 'a',
      serviceAccount: 'default',
      ips: [],
      resourceVersions: { pod: '1', namespace: '1', serviceAccount: '1' },
      allow: {
        sessionId: 's1',
        roleArn: 'arn:aws:iam::123456789012:role/app',
        roleName: 'app',
        sessionName: 'shop.default',
      },
    },
  },
  { synced: { podsResourceVersion: '1' } },
];

/** A server that sends every agent the same snapshot, and records reports. */
export async function startFeedServer(
  folder: string,
  more: Partial<RolegateHandlers> = {},
  updates: readonly FeedUpdate[] = UPDATES,
) {
  const ca = await createTestCa();
  const clock = createFakeClock({ nowMs: Date.now() });
  const files = await writeTlsFiles(join(folder, 'server'), {
    ca: ca.pem,
    ...(await ca.issue({ dns: ['rolegate-server'] })),
  });
  const stop = new AbortController();
  const tls = watchTlsFiles({ files, purpose: 'server', clock, log: silentLog, signal: stop.signal });
  const reports: AgentReportRead[] = [];
  const streams = new Set<{ write(update: FeedUpdate): unknown }>();
  const server = new Server();
  const handlers: Pick<RolegateHandlers, 'Feed'> = {
    Feed(call) {
      call.once('data', () => {
        for (const update of updates) call.write(update);
        streams.add(call);
      });
      call.on('data', (report: AgentReportRead) => reports.push(report));
      call.on('end', () => call.end());
      call.on('close', () => streams.delete(call));
      call.on('error', () => undefined);
    },
  };
  server.addService(rolegateService, { ...handlers, ...more });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', createServerCredentials(tls), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const names = { uris: ['spiffe://rolegate/node/node-1'] };
  const agent = await writeTlsFiles(join(folder, 'agent'), { ca: ca.pem, ...(await ca.issue(names)) });
  return {
    reports,
    /** To all connected agents. */
    say: (...updates: readonly FeedUpdate[]) => {
      for (const stream of streams) for (const update of updates) stream.write(update);
    },
    /** The flags that an agent needs. */
    argv: [
      '--server-address',
      `127.0.0.1:${port}`,
      '--server-name',
      'rolegate-server',
      '--cert',
      agent.cert,
      '--key',
      agent.key,
      '--ca',
      agent.ca,
    ],
    close: () => {
      stop.abort();
      server.forceShutdown();
    },
  };
}
