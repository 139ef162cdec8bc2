import { join } from 'node:path';
import { createClientCredentials, createRolegateClient, watchTlsFiles } from '@rolegate/protocol';
import type { FeedUpdateRead, RolegateClient } from '@rolegate/protocol';
import { silentLog, systemClock } from '@rolegate/runtime';
import { SERVER_NAME } from '@rolegate/sandbox';
import { writeTlsFiles } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';

export interface NodeClientOptions {
  readonly node: string;
  readonly serverPort: number;
  readonly ca: TestCa;
  /** Where its certificate is written. */
  readonly folder: string;
  readonly onUpdate: (update: FeedUpdateRead) => void;
}

/** The feed of one node, followed as its agent would, without an agent: hundreds of nodes cost no process. */
export async function openNodeClient(options: NodeClientOptions): Promise<{ close: () => void }> {
  const { node, serverPort, ca, folder, onUpdate } = options;
  const files = await writeTlsFiles(join(folder, `client-${node}`), {
    ca: ca.pem,
    ...(await ca.issue({ uris: [`spiffe://rolegate/node/${node}`] })),
  });
  const tls = watchTlsFiles({
    files,
    purpose: 'client',
    clock: systemClock,
    log: silentLog,
    signal: AbortSignal.abort(),
  });
  const client: RolegateClient = createRolegateClient({
    target: `127.0.0.1:${serverPort}`,
    credentials: createClientCredentials(tls),
    serverName: SERVER_NAME,
  });
  const feed = client.feed();
  feed.on('data', onUpdate);
  feed.on('error', () => undefined); // whoever closes it ends it so
  feed.write({ nodeName: node, version: 'test' });
  return {
    close() {
      feed.cancel();
      client.close();
    },
  };
}
