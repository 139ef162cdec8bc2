import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { serveCalls } from '../../processes/serve-calls.ts';
import { quantile } from '../statistics.ts';

export interface Load {
  /** Of 127.0.0.0/8; by default 127.0.0.1. */
  readonly host?: string;
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

/** A server that says nothing for as long is not waited for. Milliseconds. */
const SILENCE_MS = 5_000;
/** Between a connection that broke and the next. Milliseconds. */
const AFTER_FAULT_MS = 10;
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
  let [requests, faults] = [0, 0];
  let next = 0;

  function client(over: () => void): void {
    const source = sources[next++ % sources.length];
    if (source === undefined) throw new Error('there are no sources');
    let sentMs = performance.now();
    const socket = connect({ port, host, localAddress: source.ip, noDelay: true });
    let gone = false;
    /** Leaves the connection for the next one, once. */
    const goOn = (): void => {
      if (gone) return;
      gone = true;
      socket.destroy();
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
      goOn();
    });
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    socket.on('error', () => undefined); // 'close' follows
    socket.once('close', () => {
      if (gone) return;
      faults++;
      // Not at once: a server that is not there would be asked without a pause.
      setTimeout(goOn, AFTER_FAULT_MS);
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
