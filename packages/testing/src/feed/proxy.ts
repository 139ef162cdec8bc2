import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface FeedProxyOptions {
  /** On loopback. */
  readonly target: { readonly host?: string; readonly port: number };
  /** Defaults to a free one. */
  readonly port?: number;
}

/** Simulates faults between agent and server at the TCP level. TLS passes through unchanged. */
export interface FeedProxy {
  readonly port: number;
  /** Number of open connections. */
  readonly connections: number;
  /** Number of connections since the start, including refused ones. */
  readonly accepted: number;
  /** Delays every chunk in both directions by this much. Order is kept. Milliseconds. */
  delay(ms: number): void;
  /** Passes nothing in either direction until `resume`. Data waits in the sockets' buffers. */
  pause(): void;
  resume(): void;
  /** Resets all open connections. New ones are accepted. */
  cut(): void;
  /** Resets new connections. Open ones continue. */
  refuse(): void;
  /** Ends `refuse` and `blackhole`. What the black hole swallowed stays lost. */
  accept(): void;
  /** Drops the bytes of all connections silently, as if a cable were pulled. */
  blackhole(): void;
  close(): Promise<void>;
}

type Way = 'accept' | 'refuse' | 'blackhole';

interface Traffic {
  way: Way;
  delayMs: number;
  paused: boolean;
}

/** The two sockets of a connection: `near` to the agent, `far` to the server. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** Bytes were dropped, so the streams cannot continue. */
  broken: boolean;
}

/** Starts a proxy on 127.0.0.1. */
export async function startFeedProxy({ target, port: wanted = 0 }: FeedProxyOptions): Promise<FeedProxy> {
  const traffic: Traffic = { way: 'accept', delayMs: 0, paused: false };
  const pairs = new Set<Pair>();
  let accepted = 0;

  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (near) => {
    accepted += 1;
    if (traffic.way === 'refuse') {
      near.on('error', ignore).resetAndDestroy();
      return;
    }
    join(near, { target, traffic, pairs });
  });
  const port = await listenOnLoopback(server, wanted);

  return {
    port,
    get connections() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    delay(ms) {
      traffic.delayMs = ms;
    },
    pause: () => {
      setPaused(true, { traffic, pairs });
    },
    resume: () => {
      setPaused(false, { traffic, pairs });
    },
    cut: () => {
      cutAll(pairs);
    },
    refuse: () => {
      traffic.way = 'refuse';
    },
    accept: () => {
      traffic.way = 'accept';
    },
    blackhole: () => {
      traffic.way = 'blackhole';
    },
    close() {
      cutAll(pairs);
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

function setPaused(
  paused: boolean,
  { traffic, pairs }: { traffic: Traffic; pairs: ReadonlySet<Pair> },
): void {
  traffic.paused = paused;
  for (const { near, far } of pairs) {
    for (const socket of [near, far])
      if (paused) socket.pause();
      else socket.resume();
  }
}

function join(
  near: Socket,
  { target, traffic, pairs }: { target: FeedProxyOptions['target']; traffic: Traffic; pairs: Set<Pair> },
): void {
  const far = connect({
    host: target.host ?? '127.0.0.1',
    port: target.port,
    allowHalfOpen: true,
    noDelay: true,
  });
  const pair = { near, far, broken: false };
  pairs.add(pair);
  forward(pair, { from: near, to: far, traffic });
  forward(pair, { from: far, to: near, traffic });
  for (const socket of [near, far]) {
    socket.on('close', () => {
      if (near.destroyed && far.destroyed) pairs.delete(pair);
    });
  }
  if (traffic.paused) far.pause();
  else near.resume();
}

/** Each direction has one queue, so that a changed delay cannot reorder chunks. */
function forward(pair: Pair, { from, to, traffic }: { from: Socket; to: Socket; traffic: Traffic }): void {
  let queue = Promise.resolve();
  const inOrder = (act: () => void) => {
    const waitMs = traffic.delayMs;
    const due =
      waitMs === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, waitMs).unref());
    queue = queue.then(() => due).then(act);
  };
  from.on('data', (chunk) => {
    if (traffic.way === 'blackhole') pair.broken = true;
    if (pair.broken) return;
    inOrder(() => {
      if (!to.destroyed) to.write(chunk);
    });
  });
  from.on('end', () => {
    if (traffic.way === 'blackhole') pair.broken = true;
    if (!pair.broken)
      inOrder(() => {
        to.end();
      });
  });
  // A reset of one side resets the other.
  from.on('error', () => {
    to.resetAndDestroy();
  });
}

function cutAll(pairs: ReadonlySet<Pair>): void {
  for (const { near, far } of pairs) {
    near.resetAndDestroy();
    far.resetAndDestroy();
  }
}

function listenOnLoopback(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function ignore(): void {
  // The other side may already be closed.
}
