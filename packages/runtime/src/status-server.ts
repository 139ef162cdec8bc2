import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { describeError, logLevels } from './log.ts';
import type { Log, LogLevel } from './log.ts';
import { readiness } from './ops-readiness.ts';
import type { ReadyCheck } from './ops-readiness.ts';
import { listenAt } from './status-socket.ts';

/** What a program tells of itself, or of one thing that it knows. */
export interface StatusAnswer {
  /** False: it does not know what it was asked for. */
  readonly found: boolean;
  /** For people: whole lines. */
  readonly text: string;
  /** For machines. */
  readonly value: unknown;
}

export interface StatusServerOptions {
  readonly checks: readonly ReadyCheck[];
  /** Never a secret in it. `asked`: what of the query says what is asked for. */
  readonly status: (asked: URLSearchParams) => StatusAnswer;
  readonly log: Log;
}

export interface StatusServer {
  /** Rejects with a StatusSocketFault. */
  listen(path: string): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly allow?: string;
}

/** Whoever asks by hand and a probe: all at once on this machine, and with few words. */
const MOST_CONNECTIONS = 16;
const LARGEST_HEADER_BYTES = 8_192;
const LARGEST_BODY_BYTES = 64;
/** For the request, and then for the answer to be read. Milliseconds. */
const WITHIN_MS = 5_000;

/** GET /status, GET /readyz[?verbose], GET and PUT /log-level by HTTP on a unix socket (DESIGN.md 4.7). */
export function createStatusServer(options: StatusServerOptions): StatusServer {
  const server = createServer(
    {
      maxHeaderSize: LARGEST_HEADER_BYTES,
      headersTimeout: WITHIN_MS,
      requestTimeout: WITHIN_MS,
      connectionsCheckingInterval: 1_000,
      keepAlive: false,
    },
    (request, response) => {
      void respond(request, response, options);
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = WITHIN_MS; // an answer that nobody reads
  return {
    async listen(path) {
      await listenAt(server, path);
      server.on('error', (error) => {
        options.log.warn('status socket', { error: describeError(error) });
      });
    },
    close: () => close(server),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: StatusServerOptions,
): Promise<void> {
  const body = await bodyOf(request);
  if (response.destroyed) return;
  const { status, body: text, allow } = answerTo(request, body, options);
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    'content-length': bytes.length,
    connection: 'close',
    ...(allow !== undefined && { allow }),
  });
  response.end(bytes);
}

/** Undefined: it is too long, or did not come whole. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LARGEST_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}

function answerTo(
  { method = '', url = '' }: IncomingMessage,
  body: string | undefined,
  options: StatusServerOptions,
): Answer {
  // By hand: URL would resolve dots and throw on what is no URL.
  const [path = '', query = ''] = url.split('?', 2);
  if (body === undefined) return { status: 413, body: 'the body is too long\n' };
  const asked = new URLSearchParams(query);
  switch (`${method} ${path}`) {
    case 'GET /status':
      return statusOf(asked, options);
    case 'GET /readyz':
      return readiness(options.checks, asked.has('verbose'));
    case 'GET /log-level':
      return { status: 200, body: `${options.log.level?.get() ?? 'unknown'}\n` };
    case 'PUT /log-level':
      return setLevel(body.trim(), options.log);
  }
  if (path === '/log-level') return { status: 405, body: 'GET and PUT only\n', allow: 'GET, PUT' };
  return path === '/status' || path === '/readyz'
    ? { status: 405, body: 'GET only\n', allow: 'GET' }
    : { status: 404, body: 'no such page\n' };
}

/** A fault in it is said, and costs the program nothing. */
function statusOf(asked: URLSearchParams, { status, log }: StatusServerOptions): Answer {
  try {
    const { found, text, value } = status(asked);
    const body = asked.has('json') ? `${JSON.stringify(value, undefined, 2)}\n` : text;
    return { status: found ? 200 : 404, body };
  } catch (error) {
    log.error('status failed', { error: describeError(error) });
    return { status: 500, body: `the status failed: ${describeError(error)}\n` };
  }
}

function setLevel(word: string, log: Log): Answer {
  const to = logLevels.find((level) => level === word);
  if (to === undefined) return { status: 400, body: `a level is one of ${logLevels.join(', ')}\n` };
  const { level } = log;
  if (level === undefined) return { status: 500, body: 'this log has no level that can be changed\n' };
  changeLevel(log, level.get(), to);
  return { status: 200, body: `${to}\n` };
}

/** The line is written whatever the levels are. */
function changeLevel(log: Log, from: LogLevel, to: LogLevel): void {
  log.level?.set('info');
  log.info('log level changed', { from, to });
  log.level?.set(to);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve(); // also where it never listened
    });
    server.closeAllConnections();
  });
}

/** Where the socket's flag was given it must be there; at its default path it may lack, and that is said. */
export async function openStatusSocket(
  server: Pick<StatusServer, 'listen'>,
  {
    given,
    fallback,
    log,
  }: { readonly given: string | undefined; readonly fallback: string; readonly log: Log },
): Promise<void> {
  try {
    await server.listen(given ?? fallback);
  } catch (error) {
    if (given !== undefined) throw error;
    log.info('no status socket', { error: describeError(error) });
  }
}
