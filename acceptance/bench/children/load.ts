import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { serveCalls } from '../../processes/serve-calls.ts';
import { quantile } from '../statistics.ts';

export interface Load {
  /** An address in 127.0.0.0/8, 127.0.0.1 by default. */
  readonly host?: string;
  readonly port: number;
  /** Addresses with the text of their request. Clients use them in turn. */
  readonly sources: readonly { readonly ip: string; readonly request: string }[];
  /** Number of concurrent requests. */
  readonly clients: number;
  /** False: a new connection for each request, closed by the client. */
  readonly keepAlive: boolean;
  /** Requests sent before the measurement. Milliseconds. */
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface LoadResult {
  /** Including the warm-up. */
  readonly requests: number;
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 200, and broken connections. */
  readonly failures: number;
  /** Share of a core that this process used. Near 1, it limits the throughput. */
  readonly cpuShare: number;
}

const TIMEOUT_MS = 5_000;
/** Pause after a broken connection. */
const RECONNECT_MS = 10;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Calls `done` after each answer, with true for a 200. */
function readAnswers(socket: Socket, done: (good: boolean) => void): void {
  let missing = 0;
  let good = false;
  socket.on('data', (chunk) => {
    if (missing === 0) {
      // All servers write the head of an answer in one piece.
      const head = chunk.subarray(0, chunk.indexOf(HEAD_END)).toString('latin1');
      good = head.startsWith('HTTP/1.1 200');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      missing = head.length + HEAD_END.length + length;
    }
    missing -= chunk.length;
    if (missing === 0) done(good);
    else if (!(missing > 0)) socket.destroy(new Error('the answer is longer than its Content-Length'));
  });
}

async function run({
  host = '127.0.0.1',
  port,
  sources,
  clients,
  keepAlive,
  ...load
}: Load): Promise<LoadResult> {
  const timesMs: number[] = [];
  const startMs = performance.now() + load.warmUpMs;
  const endMs = startMs + load.durationMs;
  let [requests, failures] = [0, 0];
  let next = 0;

  function client(done: () => void): void {
    const source = sources[next++ % sources.length];
    if (source === undefined) throw new Error('there are no sources');
    let sentMs = performance.now();
    const socket = connect({ port, host, localAddress: source.ip, noDelay: true });
    let closed = false;
    const reconnect = (): void => {
      if (closed) return;
      closed = true;
      socket.destroy();
      if (performance.now() >= endMs) done();
      else client(done);
    };
    readAnswers(socket, (good) => {
      const now = performance.now();
      requests++;
      if (sentMs >= startMs && now <= endMs) {
        timesMs.push(now - sentMs);
        if (!good) failures++;
      }
      if (keepAlive && now < endMs) {
        sentMs = now;
        socket.write(source.request);
        return;
      }
      reconnect();
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => undefined); // 'close' follows
    socket.once('close', () => {
      if (closed) return;
      failures++;
      // Delayed, so that an unreachable server is not tried nonstop.
      setTimeout(reconnect, RECONNECT_MS);
    });
    socket.write(source.request);
  }

  const cpu = process.cpuUsage();
  const cpuStartMs = performance.now();
  await Promise.all(Array.from({ length: clients }, () => new Promise<void>(client)));
  const { user, system } = process.cpuUsage(cpu);
  return {
    requests,
    rps: (timesMs.length * 1000) / load.durationMs,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
    failures,
    cpuShare: (user + system) / 1000 / (performance.now() - cpuStartMs),
  };
}

const calls = { run };
export type LoadCalls = typeof calls;
serveCalls(calls);
