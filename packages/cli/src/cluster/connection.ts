import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { describeError, parseJson, record, textOf, VERSION } from '@rolegate/runtime';
import { ClusterError, faultOf } from './cluster-error.ts';
import type { Right } from './cluster-error.ts';

/** Until the API server answers, and between two chunks unless a stream is kept open. Milliseconds. */
const SILENCE_MS = 30_000;
/** The most that is read of an error's body. Bytes. */
const LONGEST_ERROR = 64 * 1024;
/** The most that is read of one JSON answer, e.g. a page of Pods. Bytes. */
const LONGEST_ANSWER = 64 * 1024 * 1024;

export interface GetRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** What the request needs, for errors. */
  readonly right: Right;
  readonly signal: AbortSignal;
  /** Fails after this long without a byte. 0: never once it has begun. Defaults to 30 s. Milliseconds. */
  readonly silenceMs?: number;
}

/** A change of one object. */
export interface PatchRequest {
  readonly path: string;
  readonly right: Right;
  readonly signal: AbortSignal;
  /** A JSON merge patch (RFC 7396). With `metadata.resourceVersion`, another version is a conflict. */
  readonly body: object;
}

/** Reads from the API server. Errors are ClusterErrors. */
export interface Connection {
  /** The body. The request ends unless it is read to its end. */
  stream(request: GetRequest): Promise<AsyncIterable<Buffer>>;
  /** An answer in JSON, which is not checked further. */
  json(request: GetRequest): Promise<unknown>;
  close(): void;
}

/** Also changes objects. */
export interface ChangingConnection extends Connection {
  /** Resolves with the changed object, in JSON. */
  patch(request: PatchRequest): Promise<unknown>;
}

/** Not the library's clients: they read pages and logs without a bound and lose the reason of a failed log request. */
export function createConnection(
  kubeConfig: Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>,
): ChangingConnection {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current cluster');
  const base = new URL(cluster.server);
  const isTls = base.protocol === 'https:';
  const ownAgent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const ask = isTls ? requestHttps : requestHttp;

  async function send(request: GetRequest, patch?: object): Promise<AsyncIterable<Buffer>> {
    const { right, signal, silenceMs = SILENCE_MS } = request;
    signal.throwIfAborted();
    try {
      const given = await credentialsOf(kubeConfig, right);
      const agent = cluster?.proxyUrl === undefined ? ownAgent : given.agent;
      const options = { ...requestOptions(request, base, given), agent, signal };
      const sent = ask(patch === undefined ? options : asPatch(options));
      const response = await answerTo(sent, { silenceMs, body: patch && JSON.stringify(patch) });
      const { statusCode: status = 0 } = response;
      if (status === 200) return chunksOf(response, right);
      throw new ClusterError(faultOf(status), right, await messageOf(response, status));
    } catch (error) {
      throw asClusterError(error, right, signal);
    }
  }

  async function read(request: GetRequest, patch?: object): Promise<unknown> {
    const body = await readBounded(await send(request, patch), LONGEST_ANSWER);
    if (body === undefined) throw new ClusterError('failed', request.right, 'the answer is too long');
    const parsed = parseJson(body);
    if (parsed === undefined) throw new ClusterError('failed', request.right, 'the answer is not JSON');
    return parsed;
  }

  return {
    stream: (request) => send(request),
    json: (request) => read(request),
    patch: ({ body, ...request }) => read(request, body),
    close() {
      ownAgent.destroy();
    },
  };
}

/** For each request, because tokens expire. Runs the credential plugin of the kubeconfig, if it has one. */
async function credentialsOf(
  kubeConfig: Pick<KubeConfig, 'applyToHTTPSOptions'>,
  right: Right,
): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await kubeConfig.applyToHTTPSOptions(options);
  } catch (error) {
    throw new ClusterError('no credentials', right, describeError(error));
  }
  return options;
}

/** `given`: TLS options and credentials from the kubeconfig. */
function requestOptions(
  { path, query, silenceMs = SILENCE_MS }: GetRequest,
  base: URL,
  given: RequestOptions,
): RequestOptions {
  const { ca, cert, key, pfx, passphrase, servername, auth, headers, rejectUnauthorized } = given;
  const tls = Object.entries({ ca, cert, key, pfx, passphrase, servername, auth, rejectUnauthorized });
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  return {
    ...(Object.fromEntries(tls.filter(([, value]) => value !== undefined)) as RequestOptions),
    method: 'GET',
    // Also while a proxy connects, when the request has no socket.
    timeout: silenceMs === 0 ? SILENCE_MS : silenceMs,
    hostname: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port,
    path: `${base.pathname.replace(/\/+$/, '')}${path}${search}`,
    headers: {
      ...(headers as OutgoingHttpHeaders | undefined),
      accept: 'application/json, */*',
      'user-agent': `kubectl-rolegate/${VERSION}`,
    },
  };
}

function asPatch(options: RequestOptions): RequestOptions {
  const headers = {
    ...(options.headers as OutgoingHttpHeaders),
    'content-type': 'application/merge-patch+json',
  };
  return { ...options, method: 'PATCH', headers };
}

function answerTo(
  sent: ReturnType<typeof requestHttp>,
  { silenceMs, body }: { readonly silenceMs: number; readonly body: string | undefined },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.setTimeout(SILENCE_MS, () => {
      sent.destroy(new Error(`nothing received for ${SILENCE_MS / 1000} s`));
    });
    sent.on('response', (response) => {
      sent.setTimeout(silenceMs);
      resolve(response);
    });
    // After the response, errors reach its reader.
    sent.on('error', reject);
    sent.end(body);
  });
}

async function* chunksOf(response: IncomingMessage, right: Right): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ClusterError('unreachable', right, describeError(error));
  }
}

async function messageOf(response: IncomingMessage, status: number): Promise<string> {
  const body = (await readBounded(response as AsyncIterable<Buffer>, LONGEST_ERROR)) ?? '';
  const message = textOf(record(parseJson(body))['message']);
  return message === '' ? `HTTP status ${status}` : message.slice(0, 1_000);
}

/** Undefined if it is longer. */
async function readBounded(chunks: AsyncIterable<Buffer>, longest: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > longest) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

function asClusterError(error: unknown, right: Right, signal: AbortSignal): unknown {
  if (error instanceof ClusterError || signal.aborted) return error;
  return new ClusterError('unreachable', right, describeError(error));
}
