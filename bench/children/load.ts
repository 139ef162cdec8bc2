import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { serveCalls } from '../serve-calls.ts';
import { quantile } from '../statistics.ts';

export interface Load {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** Each with the whole request that it sends; clients take them in turn. */
  readonly sources: readonly { readonly ip: string; readonly request: string }[];
  /** Requests at one moment. */
  readonly clients: number;
  /** False: a connection for each request, which the client closes. */
  readonly keepAlive: boolean;
  /** Not counted, before what is. Milliseconds. */
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface LoadResult {
  /** With those of the warm-up. */
  readonly requests: number;
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 200, and connections that broke. */
  readonly faults: number;
  /** Of one core, that this process needed: near 1 it was the bound. */
  readonly cpuShare: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Calls `done` at the end of each answer on the socket, with whether it was a 200. */
function readAnswers(socket: Socket, done: (good: boolean) => void): void {
  let missing = 0;
  let good = false;
  socket.on('data', (chunk) => {
    if (missing === 0) {
      // Both servers write an answer's head at once.
      const head = chunk.subarray(0, chunk.indexOf(HEAD_END)).toString('latin1');
      good = head.startsWith('HTTP/1.1 200');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      missing = head.length + HEAD_END.length + length;
    }
    missing -= chunk.length;
    if (missing === 0) done(good);
    else if (!(missing > 0)) socket.destroy(new Error('the answer is longer than it says'));
  });
}

async function run({ port, sources, clients, keepAlive, ...load }: Load): Promise<LoadResult> {
  const timesMs: number[] = [];
  const startMs = performance.now() + load.warmUpMs;
  const endMs = startMs + load.durationMs;
  let [requests, faults] = [0, 0];
  let next = 0;

  function client(over: () => void): void {
    const source = sources[next++ % sources.length];
    if (source === undefined) throw new Error('there are no sources');
    let sentMs = performance.now();
    const socket = connect({ port, host: '127.0.0.1', localAddress: source.ip, noDelay: true });
    const goOn = (): void => {
      if (performance.now() >= endMs) over();
      else client(over);
    };
    readAnswers(socket, (good) => {
      const now = performance.now();
      requests++;
      if (sentMs >= startMs && now <= endMs) {
        timesMs.push(now - sentMs);
        if (!good) faults++;
      }
      if (keepAlive && now < endMs) {
        sentMs = now;
        socket.write(source.request);
        return;
      }
      socket.destroy();
      goOn();
    });
    socket.once('error', () => {
      faults++;
      goOn();
    });
    socket.write(source.request);
  }

  const cpu = process.cpuUsage();
  const begunMs = performance.now();
  await Promise.all(Array.from({ length: clients }, () => new Promise<void>(client)));
  const { user, system } = process.cpuUsage(cpu);
  return {
    requests,
    rps: (timesMs.length * 1000) / load.durationMs,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
    faults,
    cpuShare: (user + system) / 1000 / (performance.now() - begunMs),
  };
}

const calls = { run };
export type LoadCalls = typeof calls;
serveCalls(calls);
