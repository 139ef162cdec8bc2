import { once } from 'node:events';
import { get } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { rolegateService } from '@rolegate/protocol';
import type { FeedUpdate } from '@rolegate/protocol';
import { serveCalls } from '../../processes/serve-calls.ts';
import { framed, readMessages } from '../scale/agent-connection.ts';

const { requestDeserialize, responseSerialize } = rolegateService.Feed;

/** By node. */
const feeds = new Map<string, ServerHttp2Stream>();

function send(stream: ServerHttp2Stream | undefined, update: FeedUpdate): void {
  if (stream?.writable === true) stream.write(framed(responseSerialize(update)));
}

/** Sends each change of a Pod to its node without a decision: the delay of everything but a server. */
function follow(url: string, version: number): void {
  get(`${url}/api/v1/pods?watch=true&resourceVersion=${version}`, (response) => {
    createInterface({ input: response }).on('line', (line) => {
      const uid = /"uid":"([^"]+)"/.exec(line)?.[1];
      const node = /"nodeName":"([^"]+)"/.exec(line)?.[1];
      if (uid !== undefined && node !== undefined)
        send(feeds.get(node), { pod: { uid, allow: { sessionId: 'none' } } });
    });
  });
}

interface Start {
  /** Of the API server. */
  readonly url: string;
  /** Changes after this resourceVersion are sent. */
  readonly version: number;
  readonly cert: string;
  readonly key: string;
}

const calls = {
  /** Returns the port. */
  async start({ url, version, cert, key }: Start): Promise<number> {
    follow(url, version);
    const server = createSecureServer({ cert, key });
    server.on('sessionError', () => undefined);
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' });
      readMessages(stream, (bytes) => {
        feeds.set(requestDeserialize(bytes).nodeName, stream);
        send(stream, { synced: { podsResourceVersion: '1' } });
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  },
};
export type IdleServerCalls = typeof calls;
serveCalls(calls);
