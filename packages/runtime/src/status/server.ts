import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import type { HttpLimits, HttpRefusal } from '../http/connection/connection.ts';
import { createHttpServer } from '../http/http-server.ts';
import { headerLines } from '../http/message/message.ts';
import type { HttpAnswer } from '../http/message/message.ts';
import { describeError } from '../log/describe-error.ts';
import { BUG_HINT, logLevels } from '../log/log.ts';
import type { Log, LogLevel } from '../log/log.ts';
import { readiness } from '../ops/readiness.ts';
import type { ReadyCheck } from '../ops/readiness.ts';
import { listenAt } from './socket.ts';

/** The status of a program, or of one thing that it knows. */
export interface StatusAnswer {
  /** False if the program does not know the thing. */
  readonly found: boolean;
  /** For people: complete lines. */
  readonly text: string;
  /** For machines. */
  readonly value: unknown;
}

export interface StatusServerOptions {
  readonly checks: readonly ReadyCheck[];
  /** Must not contain secrets. `asked` is the query. A promise must settle within the deadlines of the socket, 5 s. */
  readonly status: (asked: URLSearchParams) => StatusAnswer | Promise<StatusAnswer>;
  readonly log: Log;
  /** For deadlines. Defaults to the system's clock. */
  readonly clock?: Clock;
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

/** For people and a probe on this machine, whose requests are short. */
const MOST_CONNECTIONS = 16;
const LARGEST_BODY_BYTES = 64;
/** For the request, and again for reading the answer. Milliseconds. */
const WITHIN_MS = 5_000;
const LIMITS: HttpLimits = {
  places: { perClient: MOST_CONNECTIONS, total: MOST_CONNECTIONS, spared: 0 },
  headBytes: 8_192,
  headMs: WITHIN_MS,
  bodyMs: WITHIN_MS,
  behindBytes: 8_192,
  keepAliveMs: 0,
  answerMs: WITHIN_MS,
  connectionMs: WITHIN_MS,
};
/** All clients are the node's or the container's own, so they share one client. */
const ANYBODY = { client: { group: '', name: '' }, context: undefined };

/** Serves GET /status, GET /readyz[?verbose], GET and PUT /log-level on a unix socket (DESIGN.md 4.7). */
export function createStatusServer(options: StatusServerOptions): StatusServer {
  const server = createHttpServer<undefined>({
    limits: LIMITS,
    clock: options.clock ?? systemClock,
    hooks: {
      opened: () => ANYBODY,
      bodyBytes: () => LARGEST_BODY_BYTES,
      request(request) {
        const { head, body } = request;
        void answerTo(head, body, options).then((answer) => {
          server.respond(request, rendered(answer));
        });
      },
      refused: (refusal) => rendered(refusals[refusal.kind]),
      limited: () => undefined,
    },
    failed: (_what, error) => {
      options.log.warn('status socket failed', {
        error: describeError(error),
        hint: 'This socket serves only the commands status and log-level, and the startup probe. If this repeats, check the limit of open files (ulimit -n) and the directory of --status-socket.',
      });
    },
  });
  return {
    async listen(path) {
      await server.listen({ path }, (listener) => listenAt(listener, path));
    },
    close: () => server.close(0),
  };
}

const refusals: Readonly<Record<HttpRefusal['kind'], Answer>> = {
  malformed: { status: 400, body: 'the request is not HTTP/1.1\n' },
  'head too large': { status: 431, body: 'the request headers are too large\n' },
  'head timeout': { status: 408, body: 'the request took too long\n' },
  'body too large': { status: 413, body: 'the request body is too large\n' },
  'body timeout': { status: 408, body: 'the request took too long\n' },
  'too many connections': { status: 503, body: 'too many connections\n' },
};

function rendered({ status, body, allow }: Answer): HttpAnswer {
  const headers = allow === undefined ? '' : headerLines(['Allow', allow]);
  return { status, headers, body: Buffer.from(body).toString('latin1') };
}

/** Never rejects. */
async function answerTo(
  { method, target }: { readonly method: string; readonly target: string },
  body: string,
  options: StatusServerOptions,
): Promise<Answer> {
  // Not by URL, which resolves dots and throws on invalid targets.
  const [path = '', query = ''] = target.split('?', 2);
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
    : { status: 404, body: 'not found\n' };
}

/** A status that throws is answered with 500 and does not end the program. */
async function statusOf(asked: URLSearchParams, { status, log }: StatusServerOptions): Promise<Answer> {
  try {
    const { found, text, value } = await status(asked);
    const body = asked.has('json') ? `${JSON.stringify(value, undefined, 2)}\n` : text;
    return { status: found ? 200 : 404, body };
  } catch (error) {
    log.error('status request failed', {
      error: describeError(error),
      hint: `Only the status is affected. ${BUG_HINT}`,
    });
    return { status: 500, body: `status failed: ${describeError(error)}\n` };
  }
}

function setLevel(word: string, log: Log): Answer {
  const to = logLevels.find((level) => level === word);
  if (to === undefined) return { status: 400, body: `unknown level; use one of ${logLevels.join(', ')}\n` };
  const { level } = log;
  if (level === undefined) return { status: 500, body: 'the log level cannot be changed\n' };
  changeLevel(log, level.get(), to);
  return { status: 200, body: `${to}\n` };
}

/** Logs the change whatever the two levels are. */
function changeLevel(log: Log, from: LogLevel, to: LogLevel): void {
  log.level?.set('info');
  log.info('log level changed', { from, to });
  log.level?.set(to);
}

/** Opens the status socket. Throws only if its path was given by a flag; a failure at the default path is logged. */
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
    log.info('status socket not available', { error: describeError(error) });
  }
}
