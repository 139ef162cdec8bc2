import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { isOfAgent } from '../../self-test/try-metadata.ts';

/** The outcome of one call. */
export type Called =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      /** The agent's refusal, recognized by its form. */
      readonly refusal: boolean;
    }
  | { readonly kind: 'silence'; readonly how: string };

export type Call = (path: string) => Promise<Called>;

export interface CallDeps {
  readonly endpoint: string;
  /** How long a call is retried while it gets a 503 or no answer. */
  readonly withinMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: () => number;
  readonly pause: () => Promise<unknown>;
}

/** Longer than the agent holds a request. Milliseconds. */
const ANSWER_WITHIN_MS = 2_500;
/** More than any valid answer. Bytes. */
const MOST_BODY_BYTES = 16_384;
const TOKEN_TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';

/**
 * Calls as people do by hand: GET, without a token, without following redirects. If the answer is 401 because tokens are
 * required, calls once more with a token.
 */
export function createCall({ endpoint, withinMs, elapsed, pause }: CallDeps): Call {
  const startedMs = elapsed();

  async function once(path: string): Promise<Called> {
    const bare = await send({ url: endpoint + path });
    if (bare.kind !== 'answer' || bare.status !== 401) return bare;
    const headers = { [TOKEN_TTL_HEADER]: '60' };
    const token = await send({ url: `${endpoint}/latest/api/token`, method: 'PUT', headers });
    if (token.kind !== 'answer' || token.status !== 200) return token;
    return send({ url: endpoint + path, headers: { [TOKEN_HEADER]: token.body } });
  }

  return async (path) => {
    for (;;) {
      const called = await once(path);
      const settled = called.kind === 'answer' && called.status !== 503;
      if (settled || elapsed() - startedMs >= withinMs) return called;
      await pause();
    }
  };
}

interface Wanted {
  readonly url: string;
  readonly method?: 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
}

function send({ url, method, headers = {} }: Wanted): Promise<Called> {
  return new Promise((resolve) => {
    const options = { method: method ?? 'GET', headers, agent: false, timeout: ANSWER_WITHIN_MS };
    const call = request(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < MOST_BODY_BYTES) body += chunk;
      });
      response.on('close', () => {
        const status = response.statusCode ?? 0;
        resolve({ kind: 'answer', status, body, refusal: isRefusal(status, response.headers, body) });
      });
    });
    call.on('timeout', () => {
      resolve({ kind: 'silence', how: 'no answer in time' });
      call.destroy();
    });
    call.on('error', (error) => {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
      resolve({ kind: 'silence', how: code });
    });
    call.end();
  });
}

function isRefusal(status: number, headers: IncomingHttpHeaders, body: string): boolean {
  return status >= 400 && headers.location === undefined && isOfAgent(body);
}
