import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '@rolegate/runtime';
import { toApiError } from './api-error.ts';
import { readText } from './lines.ts';
import { createRequestDeadline } from './request-deadline.ts';
import type { RequestDeadline } from './request-deadline.ts';

/** The most that is read of an error's body. Bytes. */
const MAX_STATUS_BYTES = 64 * 1024;

/** The resource and the object name in a path. */
const OF_NAMESPACE = /\/namespaces\/[^/]+\/([a-z]+)\/([^/]+)$/;
/** Paths of resources; rights on other paths (`nonResourceURLs`) name the whole path. */
const RESOURCE = /^\/apis?\//;
/** Rights are never for one Node only, so its name is left out. */
const NODE = /\/nodes\/[^/]+$/;

const VERBS = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; for a PATCH, a list of operations (RFC 6902). */
  readonly body?: unknown;
  /** Media types; JSON by default. */
  readonly accept?: string;
  readonly signal: AbortSignal;
  /** Total time for the whole response. Milliseconds. */
  readonly timeoutMs: number;
}

export interface ApiResponse {
  readonly status: number;
  /** The body. The connection is closed unless it is read to its end. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Removes the total time limit; the request then fails after this long without a byte. Milliseconds. */
  readonly keepOpen: (idleMs: number) => void;
  /** Adds to the total time limit. Milliseconds. */
  readonly extend: (byMs: number) => void;
}

/** A client of the Kubernetes API. Errors are ApiErrors, which say which right is missing. */
export interface Connection {
  request(request: ApiRequest): Promise<ApiResponse>;
  close(): void;
}

export interface ConnectionDeps {
  readonly kubeConfig: Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>;
  readonly clock: Clock;
}

/** Not the library's client, which keeps no connections open and cuts long watches. */
export function createConnection({ kubeConfig, clock }: ConnectionDeps): Connection {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current cluster');
  const base = new URL(cluster.server);
  const isTls = base.protocol === 'https:';
  const ownAgent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const ask = isTls ? requestHttps : requestHttp;

  async function optionsOf(request: ApiRequest): Promise<RequestOptions> {
    const given: RequestOptions = {};
    // For each request, because tokens and CA files change.
    await kubeConfig.applyToHTTPSOptions(given);
    const agent = cluster?.proxyUrl === undefined ? ownAgent : given.agent;
    return { ...requestOptions(request, base, given), agent };
  }

  async function send(request: ApiRequest, deadline: RequestDeadline): Promise<IncomingMessage> {
    for (;;) {
      const sent = ask({ ...(await optionsOf(request)), signal: request.signal });
      deadline.guard(sent);
      try {
        return await answer(sent, request);
      } catch (error) {
        if (!wasClosedBeforeReuse(sent, error)) throw error;
      }
    }
  }

  return {
    async request(request) {
      const { signal, timeoutMs } = request;
      signal.throwIfAborted();
      const deadline = createRequestDeadline({ clock, timeoutMs, what: describe(request) });
      try {
        const response = await send(request, deadline);
        deadline.guard(response);
        const chunks = readChunks(response, deadline);
        const { statusCode: status = 0 } = response;
        const { keepOpen, extend } = deadline;
        if (status >= 200 && status < 300) return { status, chunks, keepOpen, extend };
        throw await apiErrorOf(request, response, chunks);
      } catch (error) {
        deadline.end();
        throw error;
      }
    },
    close() {
      ownAgent.destroy();
    },
  };
}

/** `given`: TLS options and credentials from the kubeconfig. */
function requestOptions(
  { method, path, query, accept = 'application/json' }: ApiRequest,
  base: URL,
  given: RequestOptions,
): RequestOptions {
  const { ca, cert, key, pfx, passphrase, servername, auth, headers } = given;
  const prefix = base.pathname.replace(/\/+$/, '');
  return {
    ...definedOnly({ ca, cert, key, pfx, passphrase, servername, auth }),
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED has no effect.
    rejectUnauthorized: given.rejectUnauthorized ?? true,
    method,
    hostname: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port,
    path: `${prefix}${path}${query === undefined ? '' : `?${new URLSearchParams(query).toString()}`}`,
    headers: {
      ...(headers as OutgoingHttpHeaders | undefined),
      accept,
      'user-agent': 'rolegate-server',
    },
  };
}

/** Whether the API server closed a kept-alive connection just as it was reused (Node.js, http: reusedSocket). */
function wasClosedBeforeReuse(sent: ClientRequest, error: unknown): boolean {
  return sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}

function answer(sent: ClientRequest, { method, body }: ApiRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    // Errors after the response are reported to its reader.
    sent.on('error', reject);
    if (body === undefined) {
      sent.end();
      return;
    }
    const text = JSON.stringify(body);
    sent.setHeader('content-type', method === 'PATCH' ? 'application/json-patch+json' : 'application/json');
    sent.setHeader('content-length', Buffer.byteLength(text));
    sent.end(text);
  });
}

async function* readChunks(response: IncomingMessage, deadline: RequestDeadline): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      deadline.progress();
      yield chunk;
    }
  } finally {
    deadline.end();
  }
}

async function apiErrorOf(request: ApiRequest, response: IncomingMessage, chunks: AsyncIterable<Buffer>) {
  const text = await readText(chunks, MAX_STATUS_BYTES);
  return toApiError(describe(request), {
    code: response.statusCode ?? 0,
    status: parseOrText(text),
    retryAfterSeconds: response.headers['retry-after'],
  });
}

/** In RBAC's terms: the verb and the resource, or one object. */
function describe({ method, path, query }: Pick<ApiRequest, 'method' | 'path' | 'query'>): string {
  if (!RESOURCE.test(path)) return `${VERBS[method]} ${path}`;
  const [, resource, name] = OF_NAMESPACE.exec(path) ?? [];
  if (resource !== undefined && name !== undefined) return `${VERBS[method]} ${resource}/${name}`;
  if (NODE.test(path)) return `${VERBS[method]} nodes`;
  const verb = method !== 'GET' ? VERBS[method] : query?.['watch'] === 'true' ? 'watch' : 'list';
  return `${verb} ${path.slice(path.lastIndexOf('/') + 1)}`;
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // For example the error page of a proxy.
    return text;
  }
}

function definedOnly<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
