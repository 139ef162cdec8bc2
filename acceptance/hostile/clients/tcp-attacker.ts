// Runs in an attacker's network namespace: opens TCP connections and writes bytes as configured.
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveCalls } from '../../processes/serve-calls.ts';
import { forgeToken } from './forged-token.ts';
import type { TcpAttackerCalls, TcpAttack, TcpAttackResult, Writing } from './calls.ts';

const TICK_MS = 10;
const OPENS_PER_SECOND = 500;
/** Size of one write. */
const CHUNK_BYTES = 65_536;
const HARDLY = { bytes: 1_024, everyMs: 250 };
/** The most that this process buffers per connection. */
const MOST_UNSENT_BYTES = 4 * CHUNK_BYTES;

async function attack(options: TcpAttack): Promise<TcpAttackResult> {
  const { connections, opensPerSecond = OPENS_PER_SECOND, forMs } = options;
  const sockets = new Set<Socket>();
  const observed = { opened: 0, closed: 0, sentBytes: 0, readBytes: 0 };
  const refused: Record<string, number> = {};
  const answers: Record<string, number> = {};
  let tried = 0;
  let over = false;

  function open(): void {
    const socket = connection(options, tried++);
    sockets.add(socket);
    let failed = '';
    let isOpen = false;
    socket.on('connect', () => {
      isOpen = true;
      observed.opened++;
      if (options.countsAnswers === true) countAnswers(socket, answers);
      begin(socket, options);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (failed = error.code ?? error.message));
    socket.on('close', () => {
      sockets.delete(socket);
      observed.sentBytes += socket.bytesWritten;
      observed.readBytes += socket.bytesRead;
      if (over) return;
      if (!isOpen) refused[failed] = (refused[failed] ?? 0) + 1;
      else if (options.reset !== true) observed.closed++;
    });
  }

  const startMs = performance.now();
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs = performance.now() - startMs) {
    const allowed = (elapsedMs * opensPerSecond) / 1_000 + 1;
    while (sockets.size < connections && tried < allowed) open();
    await sleep(TICK_MS);
  }
  over = true;
  const openAtEnd = [...sockets].filter(({ readyState }) => readyState !== 'opening').length;
  for (const socket of sockets) socket.destroy();
  await sleep(TICK_MS);
  return { ...observed, refused, openAtEnd, answers };
}

/** Heads come in one piece. */
function countAnswers(socket: Socket, answers: Record<string, number>): void {
  socket.on('data', (chunk: Buffer) => {
    for (const [, status = ''] of chunk.toString('latin1').matchAll(/^HTTP\/1\.1 (\d+)/gm))
      answers[status] = (answers[status] ?? 0) + 1;
  });
}

/** Paused before connecting: otherwise Node.js reads a first chunk. */
function connection({ targets, sources, reading }: TcpAttack, at: number): Socket {
  const { host = '', port = 0 } = targets[at % targets.length] ?? {};
  const source = sources?.[at % sources.length];
  const socket = new Socket();
  if (reading !== 'all') socket.pause();
  socket.connect(source === undefined ? { host, port } : { host, port, localAddress: source });
  return socket;
}

function begin(socket: Socket, { writing, reading, reset = false }: TcpAttack): void {
  const { first = '', then } = writing;
  if (first !== '') socket.write(Buffer.from(first, 'latin1'));
  if (reset) {
    socket.resetAndDestroy();
    return;
  }
  if (reading === 'all') socket.resume();
  if (reading === 'hardly') every(socket, HARDLY.everyMs, () => socket.read(HARDLY.bytes) as unknown);
  if (then !== undefined) keepWriting(socket, then);
}

function keepWriting(socket: Socket, { text, token, when }: NonNullable<Writing['then']>): void {
  const bytes = Buffer.from(text, 'latin1');
  const next = () => (token === undefined ? bytes : Buffer.from(text.replace('TOKEN', forgeToken(token))));
  const write = (chunk: Buffer) => {
    if (socket.writableLength < MOST_UNSENT_BYTES) socket.write(chunk);
  };
  if (when === 'taken') {
    const chunk = Buffer.from(text.repeat(Math.max(1, Math.floor(CHUNK_BYTES / text.length))), 'latin1');
    // Uses the callback instead of `drain`, which is not emitted if the kernel accepts everything.
    const more = () => socket.write(chunk, (error) => error ?? setImmediate(more));
    more();
  } else if (when === 'answered') {
    socket.on('data', () => {
      write(next());
    });
    write(next());
  } else if ('everyMs' in when) {
    every(socket, when.everyMs, () => {
      write(next());
    });
  } else {
    let at = 0;
    every(socket, when.byteEveryMs, () => {
      write(bytes.subarray(at, at + 1));
      at = (at + 1) % bytes.length;
    });
  }
}

function every(socket: Socket, ms: number, act: () => unknown): void {
  const timer = setInterval(act, ms);
  socket.once('close', () => {
    clearInterval(timer);
  });
}

serveCalls({ attack } satisfies TcpAttackerCalls);
