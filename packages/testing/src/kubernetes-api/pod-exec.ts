import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Database } from './database.ts';
import { readRoute } from './http.ts';
import type { Gate } from './http.ts';
import { containerOf } from './pod-containers.ts';
import type { ContainerPlace } from './pod-logs.ts';
import { checkRight } from './rights.ts';
import { Failure, statusObject } from './status.ts';

/** Of the subprotocols of a WebSocket, in the order of preference (k8s.io/apimachinery, remotecommand). */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const CHANNELS = { stdout: 1, stderr: 2, status: 3 } as const;
/** Output is sent in pieces of at most this size. Bytes. */
const PIECE_BYTES = 32 * 1024;
/** Longest message of a client. Bytes. */
const LONGEST_MESSAGE = 64 * 1024;
/** Programs that run at once. */
const MOST_PROGRAMS = 100;

export interface PodProgram extends ContainerPlace {
  readonly command: readonly string[];
}

export type ProgramResult =
  | { readonly stdout: string; readonly stderr: string; readonly code: number }
  /** The runtime could not start it. */
  | { readonly fault: string };

/** Runs a program in a Pod. The signal aborts when the client disconnects. It may never resolve. */
export type ExecHandler = (program: PodProgram, signal: AbortSignal) => Promise<ProgramResult>;

export interface PodExecDeps {
  readonly database: Database;
  readonly gate: Gate;
  readonly forbidden: ReadonlySet<string>;
  readonly handler: ExecHandler;
}

/** Answers pods/exec by WebSocket, without stdin and terminals. */
export function createPodExec({ database, gate, forbidden, handler }: PodExecDeps) {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_MESSAGE,
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  });

  const connections = new Set<Duplex>();

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const program = readProgram(request, { database, forbidden });
    const refused = await gate.refusal();
    if (refused !== undefined) throw new Failure(refused.status, 'refused by the stand-in');
    if (sockets.clients.size >= MOST_PROGRAMS) throw new Failure(429, 'too many programs run at once');
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      void run(webSocket, program, handler);
    });
  }

  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
      socket.on('error', () => socket.destroy());
      upgrade(request, socket, head).catch((error: unknown) => {
        refuse(socket, error instanceof Failure ? error : new Failure(500, `stand-in: ${String(error)}`));
      });
    },
    close(): void {
      for (const connection of connections) connection.destroy();
    },
  };
}

function readProgram(
  { url = '/', headers }: IncomingMessage,
  { database, forbidden }: Pick<PodExecDeps, 'database' | 'forbidden'>,
): PodProgram {
  const { pathname, searchParams: query } = new URL(url, 'http://kubernetes');
  const route = readRoute(pathname);
  if (route.resource !== 'pods/exec') throw new Failure(400, 'the stand-in upgrades only pods/exec');
  const { namespace, name } = route;
  // From Kubernetes 1.35; before, a WebSocket needs the verb get.
  checkRight(forbidden, { verb: 'create', resource: 'pods/exec', namespace });
  const offered = headers['sec-websocket-protocol'] ?? '';
  if (!PROTOCOLS.some((protocol) => offered.includes(protocol)))
    throw new Failure(400, `unable to upgrade: the stand-in speaks ${PROTOCOLS.join(' and ')}`);
  const pod = database.get('Pod', namespace, name);
  if (pod === undefined) throw new Failure(404, `pods "${name}" not found`);
  const command = query.getAll('command');
  if (command.length === 0) throw new Failure(400, 'you must specify at least 1 command for the container');
  return { namespace, pod: name, container: containerOf(pod, query), command };
}

async function run(webSocket: WebSocket, program: PodProgram, handler: ExecHandler): Promise<void> {
  const gone = new AbortController();
  webSocket.on('error', () => undefined);
  webSocket.on('close', () => {
    gone.abort();
  });
  const result = await handler(program, gone.signal).catch((error: unknown) => ({ fault: String(error) }));
  if (gone.signal.aborted) return;
  if (!('fault' in result)) {
    send(webSocket, CHANNELS.stdout, result.stdout);
    send(webSocket, CHANNELS.stderr, result.stderr);
  }
  send(webSocket, CHANNELS.status, JSON.stringify(endOf(result)));
  webSocket.close(1000);
}

function send(webSocket: WebSocket, channel: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    webSocket.send(Buffer.concat([Buffer.from([channel]), bytes.subarray(at, at + PIECE_BYTES)]));
}

/** The Status that ends an exec (k8s.io/apimachinery, remotecommand). */
function endOf(result: ProgramResult): object {
  if ('fault' in result)
    return statusObject(
      500,
      `Internal error occurred: error executing command in container: ${result.fault}`,
    );
  const { code } = result;
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: `${code}` }] },
  };
}

/** Answers the handshake with an error. */
function refuse(socket: Duplex, { code, message, fields }: Failure): void {
  const body = JSON.stringify(statusObject(code, message, fields));
  socket.end(
    [
      `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
