import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '@rolegate/runtime';

export interface ImdsRequest {
  readonly method: 'GET' | 'PUT';
  /** With version. Built by the agent, never by a Pod. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The request is given up at this time of the monotonic clock. Milliseconds. */
  readonly deadlineMs: number;
}

export interface ImdsResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface ImdsRequestsDeps {
  /** No default, so that no test reaches the machine's own IMDS by accident. */
  readonly endpoint: string;
  readonly clock: Clock;
}

/** IMDS drops packets above 1,024 per second and network interface: few connections, kept open. */
const CONNECTIONS = 4;
/** user-data, the largest document, has at most 16 kB. Bytes. */
const LARGEST_BODY = 64 * 1024;

export interface ImdsRequests {
  /** Rejects if there is no complete answer in time. */
  readonly ask: (wanted: ImdsRequest) => Promise<ImdsResponse>;
  readonly close: () => void;
}

/** Single requests to the node's IMDS, bounded in time and size, without redirects and proxies. */
export function createImdsRequests({ endpoint, clock }: ImdsRequestsDeps): ImdsRequests {
  const { hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  function once({ method, path, headers, deadlineMs }: ImdsRequest): Promise<ImdsResponse> {
    return new Promise((resolve, reject) => {
      const host = hostname.replace(/^\[|\]$/g, '');
      const sent = request({ agent, host, port: port === '' ? 80 : port, method, path, headers });
      const fail = (error: Error) => {
        cancel();
        reject(error);
        sent.destroy();
      };
      const cancel = clock.schedule(deadlineMs - clock.monotonic(), () => {
        fail(new Error('no answer in time'));
      });
      sent.on('error', (error) => {
        fail(sent.reusedSocket ? new StaleConnection({ cause: error }) : error);
      });
      sent.on('response', (response) => {
        const done = (body: string) => {
          cancel();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        };
        collect({ response, done, fail });
      });
      sent.end();
    });
  }

  return {
    async ask(wanted) {
      try {
        return await once(wanted);
      } catch (error) {
        // The other side may close a kept connection while we write to it, which says nothing about IMDS.
        if (!(error instanceof StaleConnection) || clock.monotonic() >= wanted.deadlineMs) throw error;
        return once(wanted);
      }
    },
    close() {
      agent.destroy();
    },
  };
}

class StaleConnection extends Error {
  override readonly name = 'StaleConnection';

  constructor(options: ErrorOptions) {
    super('a kept connection failed', options);
  }
}

interface Collecting {
  readonly response: IncomingMessage;
  readonly done: (body: string) => void;
  readonly fail: (error: Error) => void;
}

function collect({ response, done, fail }: Collecting): void {
  const parts: Buffer[] = [];
  let size = 0;
  response.on('data', (part: Buffer) => {
    size += part.length;
    if (size > LARGEST_BODY) fail(new Error(`an answer of more than ${LARGEST_BODY} bytes`));
    else parts.push(part);
  });
  response.on('error', fail);
  response.on('end', () => {
    if (size <= LARGEST_BODY) done(Buffer.concat(parts).toString());
  });
}
