import { Agent, request } from 'node:http';

/** The second that SDKs wait by default, and half a second for what a busy machine delays. Milliseconds. */
const TIMEOUT_MS = 1_500;

export interface PodAnswer {
  /** 0 if there was no answer; `body` says why. */
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
}

export interface PodCalls {
  call(path: string, options?: CallOptions): Promise<PodAnswer>;
  close(): void;
}

export interface CallOptions {
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PodCallsOptions {
  readonly ip: string;
  readonly agent: { readonly host: string; readonly port: number };
  /** True: reuses one connection for all calls, as some SDKs do. */
  readonly keepAlive?: boolean;
  /** Defaults to a bit more than SDKs wait. */
  readonly timeoutMs?: number;
}

/** Calls the metadata API from a Pod's address, one call at a time. */
export function createPodCalls({
  ip,
  agent: to,
  keepAlive = false,
  timeoutMs = TIMEOUT_MS,
}: PodCallsOptions): PodCalls {
  const pool = new Agent({ keepAlive, maxSockets: Infinity });
  return {
    call: (path, { method = 'GET', headers = {} } = {}) =>
      new Promise((resolve) => {
        const startMs = performance.now();
        const done = (status: number, body: string) => {
          clearTimeout(timer);
          resolve({ status, body, tookMs: performance.now() - startMs });
        };
        const asked = request(
          { ...to, method, path, headers: { ...headers }, localAddress: ip, agent: pool },
          (response) => {
            let body = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => (body += chunk));
            response.on('end', () => {
              done(response.statusCode ?? 0, body);
            });
            response.on('error', ({ message }) => {
              done(0, message);
            });
          },
        );
        // For the whole call: a socket timeout would restart with each byte.
        const timer = setTimeout(() => asked.destroy(new Error('timeout')), timeoutMs);
        asked.on('error', (error: NodeJS.ErrnoException) => {
          done(0, error.code ?? error.message);
        });
        asked.end();
      }),
    close: () => {
      pool.destroy();
    },
  };
}
