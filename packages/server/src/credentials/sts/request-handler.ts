import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

/** The fields of the SDK's request that are needed for STS. */
interface SignedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

interface Response {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export interface RequestHandlerOptions {
  /** The whole call, from socket to the last byte. Milliseconds. */
  readonly timeoutMs: number;
  readonly maxSockets: number;
  /** How names are resolved. Defaults to the system's resolver. */
  readonly lookup?: LookupFunction | undefined;
}

/** A response of STS has about 2 kB. Bytes. */
const LONGEST_ANSWER = 256 * 1024;

/** Sends the SDK's requests through one keep-alive agent: the SDK's own handler costs more CPU than the call itself. */
export function createStsRequestHandler({ timeoutMs, maxSockets, lookup }: RequestHandlerOptions) {
  const agentOptions = { keepAlive: true, maxSockets, ...(lookup && { lookup }) };
  const http = new HttpAgent(agentOptions);
  const https = new HttpsAgent(agentOptions);

  function open({ protocol, hostname, port, path, method, headers }: SignedRequest): ClientRequest {
    const options = { hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port, path, method, headers };
    return protocol === 'https:'
      ? requestHttps({ ...options, agent: https })
      : requestHttp({ ...options, agent: http });
  }

  return {
    async handle(signed: SignedRequest): Promise<{ response: Response }> {
      const outgoing = open(signed);
      // After the response, errors are reported by the read; without a listener this event would end the process.
      outgoing.on('error', () => undefined);
      const timer = setTimeout(() => {
        outgoing.destroy(namedError('TimeoutError', `STS did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      try {
        const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
          outgoing.once('response', resolve).once('error', reject);
          outgoing.end(signed.body);
        });
        return { response: await readResponse(incoming) };
      } finally {
        clearTimeout(timer);
      }
    },
    destroy(): void {
      http.destroy();
      https.destroy();
    },
    // Required by the SDK; the configuration never changes.
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

async function readResponse(incoming: IncomingMessage): Promise<Response> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST_ANSWER) throw namedError('AnswerTooLong', 'the response is too long for STS');
    parts.push(part);
  }
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
  return {
    statusCode: incoming.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(parts),
  };
}

function namedError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
