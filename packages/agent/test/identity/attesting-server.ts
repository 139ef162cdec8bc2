import { Server, status } from '@grpc/grpc-js';
import type { ServerErrorResponse } from '@grpc/grpc-js';
import {
  createServerCredentials,
  nodeOfPeer,
  peerCertificateEndsMs,
  rolegateService,
} from '@rolegate/protocol';
import type {
  AttestRequestRead,
  AttestResponse,
  ClientCertificate,
  FeedUpdate,
  RolegateHandlers,
} from '@rolegate/protocol';
import { createTestCa } from '@rolegate/testing';
import type { IssueOptions, TestCa } from '@rolegate/testing';

export const SERVER_NAME = 'rolegate-server';
export const NODE = 'node-1';
export const NODE_URI = `spiffe://rolegate/node/${NODE}`;
export const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.the-secret-token.c2lnbmF0dXJl';

type Answer = (request: AttestRequestRead) => Promise<AttestResponse>;

/** What agents have presented. */
type Seen = Pick<
  AttestingServer,
  'asked' | 'shown' | 'askedBy' | 'feeds' | 'resolves' | 'reviews' | 'requestIds'
>;

/** The server's authority and certificate; tests change them while it runs. */
export interface AttestingServer {
  readonly port: number;
  readonly ca: TestCa;
  /** Each certificate request as received. */
  readonly asked: AttestRequestRead[];
  /** For each request the node in the client certificate; undefined: none. */
  readonly shown: (string | undefined)[];
  /** For each request its connection: the client's address and port. */
  readonly askedBy: string[];
  /** For each feed its node, the expiry of its certificate, its token and its connection. */
  readonly feeds: {
    readonly node: string | undefined;
    readonly endsMs: number | undefined;
    readonly token: string;
    readonly peer: string;
    ended: boolean;
  }[];
  /** Tokens that came with Resolve. */
  readonly resolves: string[];
  /** ServiceAccount tokens that were to be reviewed; all are of the Pod u1. */
  readonly reviews: string[];
  /** IDs of Pods' requests that came with Resolve. */
  readonly requestIds: string[];
  /** Sets the answer to certificate requests. */
  readonly answer: (how: Answer) => void;
  /** The usual answer: signs the request. */
  readonly sign: (options?: {
    readonly by?: TestCa;
    readonly authorities?: string;
    readonly cert?: IssueOptions;
  }) => Answer;
  /** Switches to another authority, and to trusting these. */
  readonly move: (to: { readonly ca: TestCa; readonly trusted: string }) => Promise<void>;
  readonly close: () => void;
}

export interface AttestingServerOptions {
  readonly ca?: TestCa;
  /** The updates of each feed, which then ends unless the agent ended it. */
  readonly updates?: readonly FeedUpdate[];
  readonly dns?: readonly string[];
  readonly port?: number;
  /** Required: like the feed port of servers since version 0.2. */
  readonly clientCertificate?: ClientCertificate;
}

/** For the node, valid for an hour. */
function hourly(): IssueOptions {
  const nowMs = Date.now();
  return {
    uris: [NODE_URI],
    usages: ['client'],
    notBefore: new Date(nowMs - 300_000),
    notAfter: new Date(nowMs + 3_600_000),
  };
}

/** A refusal as servers send it. */
export function refusal(code: status, details: string): ServerErrorResponse {
  return Object.assign(new Error(details), { code, details });
}

/** A real server on loopback that implements Attest, and accepts clients with a certificate. */
export async function startAttestingServer({
  ca: given,
  updates = [],
  dns = [SERVER_NAME],
  port: wanted = 0,
  clientCertificate = 'asked',
}: AttestingServerOptions = {}): Promise<AttestingServer> {
  const ca = given ?? (await createTestCa());
  const tls = await memoryTls(ca, dns);
  const seen: Seen = {
    asked: [],
    shown: [],
    askedBy: [],
    feeds: [],
    resolves: [],
    reviews: [],
    requestIds: [],
  };

  function sign({
    by = ca,
    authorities = by.pem,
    cert = {},
  }: { by?: TestCa; authorities?: string; cert?: IssueOptions } = {}): Answer {
    return async ({ certificateRequest }) => ({
      certificateChain: await by.certify(certificateRequest, { ...hourly(), ...cert }),
      authorities,
    });
  }

  let answer = sign();
  const server = new Server();
  server.addService(rolegateService, handlers({ seen, updates, answer: (request) => answer(request) }));
  const port = await bound(server, { port: wanted, tls, clientCertificate });
  return {
    ...seen,
    port,
    ca,
    sign,
    answer: (how) => void (answer = how),
    async move({ ca: next, trusted }) {
      await tls.set(next, trusted);
      answer = sign({ by: next, authorities: trusted });
    },
    close: () => {
      server.forceShutdown();
    },
  };
}

function handlers({
  seen,
  updates,
  answer,
}: {
  readonly seen: Seen;
  readonly updates: readonly FeedUpdate[];
  readonly answer: Answer;
}): RolegateHandlers {
  const wordOf = (call: { metadata: { get(key: string): (string | Buffer)[] } }, key: string) =>
    (call.metadata.get(key)[0] ?? '').toString();
  return {
    Attest(call, callback) {
      seen.asked.push(call.request);
      seen.shown.push(nodeOfPeer(call, 'rolegate'));
      seen.askedBy.push(call.getPeer());
      answer(call.request).then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(error as ServerErrorResponse);
        },
      );
    },
    Feed(call) {
      const node = nodeOfPeer(call, 'rolegate');
      const feed: Seen['feeds'][number] = {
        node,
        endsMs: peerCertificateEndsMs(call),
        token: wordOf(call, 'rolegate-token'),
        peer: call.getPeer(),
        ended: false,
      };
      seen.feeds.push(feed);
      call.on('close', () => (feed.ended = true));
      call.on('cancelled', () => (feed.ended = true));
      call.on('error', () => undefined);
      call.on('end', () => call.end());
      call.resume();
      if (node === undefined) call.destroy(refusal(status.PERMISSION_DENIED, 'ForeignNode: no certificate'));
      else for (const update of updates) call.write(update);
    },
    Resolve(call, callback) {
      seen.resolves.push(wordOf(call, 'rolegate-token'));
      seen.requestIds.push(wordOf(call, 'rolegate-request-id'));
      callback(null, {});
    },
    ReviewToken(call, callback) {
      seen.reviews.push(call.request.token);
      callback(null, { podUid: 'u1' });
    },
  };
}

async function memoryTls(ca: TestCa, dns: readonly string[]) {
  const listeners = new Set<(material: Material) => void>();
  const materialOf = async (by: TestCa, trusted: string) => {
    const { cert, key } = await by.issue({ dns, usages: ['server'] });
    return {
      cert: Buffer.from(cert),
      key: Buffer.from(key),
      ca: Buffer.from(trusted),
      certEndsMs: 0,
      caEndsMs: 0,
      certFingerprint: '',
    };
  };
  type Material = Awaited<ReturnType<typeof materialOf>>;
  let material = await materialOf(ca, ca.pem);
  return {
    current: () => material,
    onChange(call: (material: Material) => void) {
      listeners.add(call);
      return () => listeners.delete(call);
    },
    async set(by: TestCa, trusted: string) {
      material = await materialOf(by, trusted);
      for (const call of listeners) call(material);
    },
  };
}

function bound(
  server: Server,
  {
    port,
    tls,
    clientCertificate,
  }: {
    readonly port: number;
    readonly tls: Awaited<ReturnType<typeof memoryTls>>;
    readonly clientCertificate: ClientCertificate;
  },
): Promise<number> {
  const credentials = createServerCredentials(tls, { clientCertificate });
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, found) => {
      if (error === null) resolve(found);
      else reject(error);
    });
  });
}
