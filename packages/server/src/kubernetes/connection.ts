import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '@rolegate/runtime';
import { OverdueError, SilenceError, toApiError } from './api-error.ts';
import { readText } from './lines.ts';
import { describe } from './request-words.ts';

/** Of an error's body no more is read. Bytes. */
const MAX_STATUS_BYTES = 64 * 1024;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; of a PATCH it is a list of operations (RFC 6902). */
  readonly body?: unknown;
  /** Media types; JSON by default. */
  readonly accept?: string;
  readonly signal: AbortSignal;
  /** How long the whole answer may take, however much of it comes. Milliseconds. */
  readonly timeoutMs: number;
}

export interface ApiResponse {
  readonly status: number;
  /** The body as it comes. Not reading it to its end closes the connection. */
  readonly chunks: AsyncIterable<Buffer>;
  /** From now on the answer may take for ever, but the request is given up after so long without a byte. Milliseconds. */
  readonly keepOpen: (silenceMs: number) => void;
}

/** Asks the Kubernetes API; what it refuses is an ApiError that says which right is missing. */
export interface Connection {
  request(request: ApiRequest): Promise<ApiResponse>;
  close(): void;
}

export interface ConnectionDeps {
  readonly kubeConfig: Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>;
  readonly clock: Clock;
}

/** Connections of our own to the API server: the library's client keeps none open and cuts long watches. */
export function createConnection({ kubeConfig, clock }: ConnectionDeps): Connection {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig names no cluster');
  const base = new URL(cluster.server);
  const prefix = base.pathname.replace(/\/+$/, '');
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true }),
  };

  async function options({
    method,
    path,
    query,
    accept = 'application/json',
  }: ApiRequest): Promise<RequestOptions> {
    const said: RequestOptions = {};
    // Asked anew each time: tokens and CA files change while we run.
    await kubeConfig.applyToHTTPSOptions(said);
    const { ca, cert, key, pfx, passphrase, servername, auth, headers, agent } = said;
    const ours = base.protocol === 'https:' ? agents.https : agents.http;
    return {
      ...definedOnly({ ca, cert, key, pfx, passphrase, servername, auth }),
      // Never left to NODE_TLS_REJECT_UNAUTHORIZED.
      rejectUnauthorized: said.rejectUnauthorized ?? true,
      method,
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      path: `${prefix}${path}${query === undefined ? '' : `?${new URLSearchParams(query).toString()}`}`,
      headers: {
        ...(headers as OutgoingHttpHeaders | undefined),
        accept,
        'user-agent': 'rolegate-server',
      },
      agent: cluster?.proxyUrl === undefined ? ours : agent,
    };
  }

  async function send(request: ApiRequest, patience: Patience): Promise<IncomingMessage> {
    for (;;) {
      const sent = (base.protocol === 'https:' ? requestHttps : requestHttp)({
        ...(await options(request)),
        signal: request.signal,
      });
      patience.watch(sent);
      try {
        return await answer(sent, request);
      } catch (error) {
        if (!wasClosedMeanwhile(sent, error)) throw error;
      }
    }
  }

  return {
    async request(request) {
      const { signal, timeoutMs } = request;
      signal.throwIfAborted();
      const patience = createPatience({ clock, timeoutMs, what: describe(request) });
      try {
        const response = await send(request, patience);
        patience.watch(response);
        const chunks = heard(response, patience);
        const { statusCode: status = 0 } = response;
        if (status >= 200 && status < 300) return { status, chunks, keepOpen: patience.keepOpen };
        throw await refusal(request, response, chunks);
      } catch (error) {
        patience.end();
        throw error;
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** The API server has closed a connection that was kept open, just as it was used again (Node.js, http: reusedSocket). */
function wasClosedMeanwhile(sent: ClientRequest, error: unknown): boolean {
  return sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}

function answer(sent: ClientRequest, { method, body }: ApiRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    // Later errors, after the response, are told to its reader.
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

async function* heard(response: IncomingMessage, patience: Patience): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      patience.heard();
      yield chunk;
    }
  } finally {
    patience.end();
  }
}

async function refusal(request: ApiRequest, response: IncomingMessage, chunks: AsyncIterable<Buffer>) {
  const text = await readText(chunks, MAX_STATUS_BYTES);
  return toApiError(describe(request), {
    code: response.statusCode ?? 0,
    status: parsed(text),
    retryAfterSeconds: response.headers['retry-after'],
  });
}

/** Gives a request up: at first when its time is over, once it is kept open after silence. */
interface Patience {
  /** From now on it is this that is destroyed. */
  watch(stream: { destroy(error: Error): unknown }): void;
  heard(): void;
  readonly keepOpen: (silenceMs: number) => void;
  end(): void;
}

interface PatienceOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly what: string;
}

function createPatience({ clock, timeoutMs, what }: PatienceOptions): Patience {
  let silenceMs: number | undefined;
  let stream: { destroy(error: Error): unknown } | undefined;
  let cancel = clock.schedule(timeoutMs, giveUp);
  let ended = false;

  function giveUp(): void {
    const error =
      silenceMs === undefined
        ? new OverdueError(`${what}: not answered in full after ${Math.round(timeoutMs / 1000)} s`)
        : new SilenceError(`${what}: no byte for ${Math.round(silenceMs / 1000)} s`);
    stream?.destroy(error);
  }

  function heard(): void {
    if (ended || silenceMs === undefined) return;
    cancel();
    cancel = clock.schedule(silenceMs, giveUp);
  }

  return {
    heard,
    watch(next) {
      stream = next;
    },
    keepOpen(next) {
      silenceMs = next;
      heard();
    },
    end() {
      ended = true;
      cancel();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy's page, for one: its text is all there is to say.
    return text;
  }
}

function definedOnly<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
