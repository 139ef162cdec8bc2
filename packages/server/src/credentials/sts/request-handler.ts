import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

/** What the SDK hands to a request handler, as far as STS needs it. */
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

/** A real answer has some 2 kB; what is far longer is none. Bytes. */
const LONGEST_ANSWER = 256 * 1024;

/** Carries the SDK's requests over one keep-alive agent: the SDK's own handler costs more CPU than the call itself. */
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
      // After the response the reading of it fails and tells; unheard, the error would end the process.
      outgoing.on('error', () => undefined);
      const timer = setTimeout(() => {
        outgoing.destroy(namedError('TimeoutError', `STS has not answered in ${timeoutMs} ms`));
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
    // The SDK asks for these two; nothing here is changed after the start.
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

async function readResponse(incoming: IncomingMessage): Promise<Response> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST_ANSWER) throw namedError('AnswerTooLong', 'the answer is too long to be of STS');
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
