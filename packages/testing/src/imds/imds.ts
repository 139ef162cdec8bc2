import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { imdsPage, imdsText } from './answer.ts';
import type { ImdsAnswer } from './answer.ts';
import { createImdsTokens } from './tokens.ts';
import { directoryOf, imdsTree } from './tree.ts';
import type { ImdsTree } from './tree.ts';

export { SENTINELS, imdsTree } from './tree.ts';
export type { ImdsTree } from './tree.ts';

export interface ImdsOptions {
  /** IMDSv2 only: a GET without a token is answered 401. Defaults to true. */
  readonly tokensRequired?: boolean;
  /** Documents by path without version. Replaces the default tree, which resembles a real one. */
  readonly tree?: ImdsTree;
  /** Defaults to 127.0.0.1. */
  readonly host?: string;
  /** Defaults to 0, which takes a free one. */
  readonly port?: number;
  /** Additional headers of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Clock for the age of tokens. Milliseconds. */
  readonly now?: () => number;
}

/** A received request. */
export interface ImdsRequestSeen {
  readonly method: string;
  /** The raw target. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly status: number;
}

interface Switches {
  tokensRequired(required: boolean): void;
  /** Invalidates all tokens, as stopping and starting the instance does. */
  forgetTokens(): void;
  /** Delays answers by this much. Milliseconds. */
  latency(ms: number): void;
  /** Accepts requests without answering them. */
  hang(): void;
  /** Answers everything with this status. A disabled IMDS answers 403. */
  refuse(status?: number): void;
}

/** A fake of a node's metadata service, which can be made to fail. */
export interface FakeImds extends AsyncDisposable, Switches {
  readonly url: string;
  /** Requests in order of arrival. One that hangs has status 0. */
  readonly requests: ImdsRequestSeen[];
  /** Resolves when this many requests have arrived in total. */
  arrived(count: number): Promise<void>;
  /** Can be changed at any time. */
  readonly tree: Map<string, string>;
  /** Stops listening. */
  down(): Promise<void>;
  /** Ends latency, hang, refuse and down. Hanging requests stay unanswered. */
  up(): Promise<void>;
  close(): Promise<void>;
}

interface State {
  readonly tree: Map<string, string>;
  readonly tokens: ReturnType<typeof createImdsTokens>;
  readonly requests: ImdsRequestSeen[];
  readonly arrivals: EventEmitter;
  tokensRequired: boolean;
  latencyMs: number;
  hangs: boolean;
  /** A status, or 0. */
  refusal: number;
}

const LOOPBACK = '127.0.0.1';
const NO_FAULTS = { latencyMs: 0, hangs: false, refusal: 0 };
const VERSIONS = ['1.0', '2021-03-23', '2024-04-11', 'latest'];

/** Starts the fake. It follows the EC2 User Guide, "Use IMDS" and "Instance metadata categories". */
export async function startImds({
  tokensRequired = true,
  tree = imdsTree,
  host = LOOPBACK,
  port = 0,
  headers = {},
  now = Date.now,
}: ImdsOptions = {}): Promise<FakeImds> {
  const state: State = {
    tree: new Map(Object.entries(tree)),
    tokens: createImdsTokens({ now }),
    requests: [],
    arrivals: new EventEmitter(),
    tokensRequired,
    ...NO_FAULTS,
  };
  const take = (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    answerTo(state, request, response);
  };
  let server = await listen(take, host, port);
  const bound = (server.address() as AddressInfo).port;
  const down = () => stop(server);

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    requests: state.requests,
    tree: state.tree,
    async arrived(count) {
      while (state.requests.length < count) await once(state.arrivals, 'request');
    },
    ...switches(state),
    down,
    async up() {
      Object.assign(state, NO_FAULTS);
      if (!server.listening) server = await listen(take, host, bound);
    },
    close: down,
    [Symbol.asyncDispose]: down,
  };
}

function switches(state: State): Switches {
  return {
    tokensRequired(required) {
      state.tokensRequired = required;
    },
    forgetTokens() {
      state.tokens.forget();
    },
    latency(ms) {
      state.latencyMs = ms;
    },
    hang() {
      state.hangs = true;
    },
    refuse(status = 403) {
      state.refusal = status;
    },
  };
}

function answerTo(state: State, request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url: target = '', headers } = request;
  const answer = state.hangs ? undefined : decide(state, request);
  state.requests.push({ method, target, headers, status: answer?.status ?? 0 });
  state.arrivals.emit('request');
  if (answer === undefined) return;
  const reply = () => {
    send(response, answer);
  };
  if (state.latencyMs === 0) reply();
  else setTimeout(reply, state.latencyMs).unref();
}

function decide(state: State, { method, url = '/', headers }: IncomingMessage): ImdsAnswer {
  if (state.refusal !== 0) return imdsPage(state.refusal, 'Refused');
  const pathname = url.replace(/\?.*$/s, '');
  if (method === 'PUT') return state.tokens.issue(pathname, headers);
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...imdsPage(405, 'Not Allowed'), headers: { allow: 'GET, HEAD, PUT' } };
  }
  if (!state.tokens.admits(headers, state.tokensRequired)) return imdsPage(401, 'Unauthorized');
  return read(state.tree, pathname);
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function listen(
  take: (request: IncomingMessage, response: ServerResponse) => void,
  host: string,
  port: number,
) {
  const server: Server = createServer(take).listen(port, host);
  await once(server, 'listening');
  return server;
}

/** Directories answer with a trailing slash and redirect without it. Files answer both. */
function read(documents: ReadonlyMap<string, string>, pathname: string): ImdsAnswer {
  if (pathname === '/') return imdsText(VERSIONS.join('\n'));
  const [, version = '', ...segments] = pathname.split('/');
  const path = segments.join('/');
  if (!VERSIONS.includes(version)) return imdsPage(404, 'Not Found');
  const document = documents.get(path.replace(/\/$/, ''));
  if (document !== undefined) return imdsText(document);
  const listing = directoryOf(documents, path.replace(/\/$/, ''));
  if (listing === undefined) return imdsPage(404, 'Not Found');
  if (pathname.endsWith('/')) return imdsText(listing);
  return {
    ...imdsPage(301, 'Moved Permanently'),
    headers: { location: `http://169.254.169.254${pathname}/` },
  };
}

function send(response: ServerResponse, { status, body, headers }: ImdsAnswer): void {
  response.writeHead(status, {
    server: 'EC2ws',
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
