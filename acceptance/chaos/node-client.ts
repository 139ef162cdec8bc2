import type { FeedUpdateRead } from '@rolegate/protocol';
import { SERVER_NAME } from '@rolegate/sandbox';
import type { TestCa } from '@rolegate/testing';
import { createFeedClient } from '../stand-ins/feed-client.ts';

export interface NodeClientOptions {
  readonly node: string;
  readonly serverPort: number;
  readonly ca: TestCa;
  readonly onUpdate: (update: FeedUpdateRead) => void;
}

/** Opens the feed of a node without an agent process. */
export async function openNodeClient(options: NodeClientOptions): Promise<{ close: () => void }> {
  const { node, serverPort, ca, onUpdate } = options;
  const identity = await ca.issue({ uris: [`spiffe://rolegate/node/${node}`] });
  const client = createFeedClient({ port: serverPort, serverName: SERVER_NAME, ca: ca.pem, identity });
  const feed = client.feed();
  feed.on('data', onUpdate);
  feed.on('error', () => undefined); // closing the client cancels the stream
  feed.write({ nodeName: node, version: 'test' });
  return {
    close() {
      feed.cancel();
      client.close();
    },
  };
}
