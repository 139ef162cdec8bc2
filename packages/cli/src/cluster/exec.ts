import { Writable } from 'node:stream';
import type { Exec, KubeConfig, V1Status } from '@kubernetes/client-node';
import { describeError } from '@rolegate/runtime';
import { atMost } from './at-most.ts';

/** Programs that run in Pods at once. */
const MOST_AT_ONCE = 10;
/** For one program, from the request to its end. Milliseconds. */
const TIMEOUT_MS = 5_000;
/** For the other side to close, too. Milliseconds. */
const CLOSE_TIMEOUT_MS = 500;
/** More output than this is refused. Bytes. */
const LONGEST_OUTPUT = 8 * 1024 * 1024;

export interface PodProgram {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** A Pod that does not answer is an outcome, so that a command can show it as a row. */
export type ExecOutcome =
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'failed'; readonly fault: string };

export interface ExecDeps {
  /** The library's. */
  readonly exec: Pick<Exec, 'exec'>;
  readonly timeoutMs?: number;
  readonly longestOutput?: number;
}

/** Runs programs in Pods by pods/exec: at most 10 at once and 5 s each. Never rejects. */
export function createExecs({ exec, timeoutMs = TIMEOUT_MS, longestOutput = LONGEST_OUTPUT }: ExecDeps) {
  const inTurn = atMost(MOST_AT_ONCE);
  return (program: PodProgram, signal: AbortSignal): Promise<ExecOutcome> =>
    inTurn(() => run(exec, program, { signal, timeoutMs, longestOutput }));
}

/** For `Exec`, whose WebSocket would wait half a minute for a close and forever for an answer, and keep the process running. */
export function withTimeouts(config: KubeConfig, timeoutMs = TIMEOUT_MS): KubeConfig {
  const timed = Object.create(config) as KubeConfig;
  timed.applyToHTTPSOptions = async (options) => {
    await config.applyToHTTPSOptions(options);
    Object.assign(options, { handshakeTimeout: timeoutMs, closeTimeout: CLOSE_TIMEOUT_MS });
  };
  return timed;
}

/** The part of the library's WebSocket that is used; its own type cannot be resolved. */
interface Socket {
  onclose: (() => void) | null;
  close(): void;
}

interface RunLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly longestOutput: number;
}

async function run(
  exec: ExecDeps['exec'],
  { namespace, pod, container, command }: PodProgram,
  { signal, timeoutMs, longestOutput }: RunLimits,
): Promise<ExecOutcome> {
  const ended = Promise.withResolvers<ExecOutcome>();
  const fail = (fault: string) => {
    ended.resolve({ kind: 'failed', fault });
  };
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  stop.addEventListener('abort', () => {
    fail(signal.aborted ? 'interrupted' : `no answer within ${timeoutMs / 1_000} s`);
  });
  const room = { left: longestOutput };
  const stdout = collect(room, fail);
  const stderr = collect(room, fail);
  const finished = (status: V1Status) => {
    ended.resolve(outcomeOf(status, stdout.text(), stderr.text()));
  };
  const connected: Promise<unknown> = exec.exec(
    namespace,
    pod,
    container,
    [...command],
    stdout.stream,
    stderr.stream,
    null,
    false,
    finished,
  );
  const connecting = (connected as Promise<Socket>).then((socket) => {
    socket.onclose = () => {
      fail('the connection was closed before the program ended');
    };
    return socket;
  });
  connecting.catch((error: unknown) => {
    ended.resolve(connectFault(error));
  });
  const outcome = await ended.promise;
  // Also if it connects only later.
  connecting.then(
    (socket) => {
      socket.close();
    },
    () => undefined,
  );
  return outcome;
}

function collect(room: { left: number }, fail: (fault: string) => void) {
  const parts: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      room.left -= chunk.length;
      if (room.left >= 0) parts.push(chunk);
      else fail('its output is too long');
      done();
    },
  });
  return { stream, text: () => Buffer.concat(parts).toString() };
}

/** The status that ends an exec (Kubernetes, remotecommand: a failed program has the cause ExitCode). */
function outcomeOf({ status, message, details }: V1Status, stdout: string, stderr: string): ExecOutcome {
  if (status === 'Success') return { kind: 'exited', code: 0, stdout, stderr };
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined
    ? { kind: 'failed', fault: message ?? 'the program could not be run' }
    : { kind: 'exited', code: Number(code), stdout, stderr };
}

/** What the API server refuses an exec with, other than a missing right. */
const REFUSALS: Readonly<Record<string, string>> = {
  400: 'its container does not run, or does not exist',
  404: 'its Pod is gone',
};

/** The library rejects with the event of its WebSocket, whose message has the HTTP status and not the API server's words. */
function connectFault(error: unknown): ExecOutcome {
  const { message } = Object(error) as { message?: unknown };
  const words = typeof message === 'string' && message !== '' ? message : describeError(error);
  const status = /^Unexpected server response: (\d+)$/.exec(words)?.[1] ?? '';
  if (status === '403') return { kind: 'forbidden' };
  return { kind: 'failed', fault: REFUSALS[status] ?? words };
}
