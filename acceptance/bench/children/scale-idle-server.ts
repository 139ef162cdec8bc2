import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReportRead, FeedUpdate } from '@rolegate/protocol';
import { serveCalls } from '../../processes/serve-calls.ts';

type Call = ServerDuplexStream<AgentReportRead, FeedUpdate>;

/** By node. */
const feeds = new Map<string, Call>();

/** Sends each change of a Pod to its node without a decision: the delay of everything but a server. */
function follow(url: string, version: number): void {
  get(`${url}/api/v1/pods?watch=true&resourceVersion=${version}`, (response) => {
    createInterface({ input: response }).on('line', (line) => {
      const uid = /"uid":"([^"]+)"/.exec(line)?.[1];
      const node = /"nodeName":"([^"]+)"/.exec(line)?.[1];
      if (uid !== undefined && node !== undefined)
        feeds.get(node)?.write({ pod: { uid, allow: { sessionId: 'none' } } });
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
    const server = new Server();
    server.addService(
      { Feed: rolegateService.Feed },
      {
        Feed(call: Call) {
          call.on('data', ({ nodeName }: AgentReportRead) => {
            feeds.set(nodeName, call);
            call.write({ synced: { podsResourceVersion: '1' } });
          });
          call.on('error', () => undefined);
        },
      },
    );
    const credentials = ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) },
    ]);
    return new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
  },
};
export type IdleServerCalls = typeof calls;
serveCalls(calls);
