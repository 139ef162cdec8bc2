import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { VERSION } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ReadCniResults } from '../addresses/cni-results.ts';
import type { InterceptionState } from '../interception/state.ts';
import { LONGEST_NAMED, parseNamed } from '../ports/named-listeners.ts';
import type { PortWatch } from '../ports/port-watch.ts';
import { createLines } from './lines.ts';
import { listenAt } from './listen-at.ts';
import { createSubscribers } from './subscribers.ts';
import { lineOf } from './messages.ts';
import type { BadResults } from './bad-results.ts';
import type { ReconcileMessage } from './messages.ts';

/** A line is sent at least this often: an agent that receives nothing for longer gives up the connection. Milliseconds. */
const ALIVE_MS = 500;
/** Agents of one node: one, two during an upgrade, and connections made by hand. */
const MOST_AGENTS = 16;

export interface ServeSubscribersDeps {
  /** The unix socket; its directory exists. */
  readonly path: string;
  readonly results: Pick<ReadCniResults, 'tap' | 'ready' | 'scanned'>;
  readonly badResults: Pick<BadResults, 'count' | 'onChange'>;
  readonly interception: {
    readonly current: () => InterceptionState;
    readonly onChange: (listener: () => void) => () => void;
  };
  readonly ports: Omit<PortWatch, 'run'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SubscriberServer {
  /** Rejects if the path exists and is not a socket, or if a socket cannot be created. */
  readonly listen: () => Promise<void>;
  /** Sends news and keep-alives to the agents until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Reports to agents over a unix socket who owns which IP, the state of the interception, and foreign listeners on their ports.
 * Receives from them their ports and listeners.
 */
export function serveSubscribers(deps: ServeSubscribersDeps): SubscriberServer {
  const { path, results, badResults, interception, ports, clock, log } = deps;
  const subscribers = createSubscribers({ log });
  const messages = createMessages(deps);
  const server = createServer(accept);
  server.maxConnections = MOST_AGENTS;
  const stops = [
    results.tap.on((event) => {
      subscribers.sendToBegun(bytesOf(event));
    }),
    interception.onChange(() => {
      subscribers.send(messages.interception());
    }),
    ports.onChange(() => {
      subscribers.send(messages.listeners());
    }),
    badResults.onChange(() => {
      subscribers.send(messages.badResults());
    }),
  ];
  let closed = false;
  void results.ready.then(() => {
    if (!closed) subscribers.begin(messages.snapshot());
  });

  function accept(socket: Socket): void {
    subscribers.add(socket, messages.greeting(), namesFrom(socket, ports));
    socket.once('close', () => {
      ports.left(socket);
    });
    if (results.scanned) subscribers.begin(messages.snapshot());
  }

  /** Synchronous, so that what stopping parts report last does not reach an agent. */
  function stop(): void {
    closed = true;
    for (const end of stops) end();
    subscribers.close();
  }

  async function close(): Promise<void> {
    stop();
    if (!server.listening) return;
    const over = once(server, 'close');
    server.close();
    await over;
  }

  return {
    listen: () => listenAt(path, server, log),
    async run(signal) {
      signal.addEventListener('abort', stop, { once: true });
      const alive = bytesOf({ kind: 'alive' });
      while (!signal.aborted) {
        subscribers.sendToIdle(alive);
        await clock.sleep(ALIVE_MS, signal);
      }
      await close();
    },
    close,
  };
}

/** The current content of the snapshot. */
function createMessages({ results, badResults, interception, ports }: ServeSubscribersDeps) {
  function listeners(): readonly ReconcileMessage[] {
    const known = ports.current();
    return known === undefined ? [] : [{ kind: 'listeners', foreign: known }];
  }

  function bad(): readonly ReconcileMessage[] {
    const count = badResults.count();
    return count === 0 ? [] : [{ kind: 'bad-results', count }];
  }

  function state(): ReconcileMessage {
    return { kind: 'interception', ...interception.current() };
  }

  return {
    greeting: () => bytesOf({ kind: 'hello', version: VERSION }, state(), ...listeners(), ...bad()),
    interception: () => bytesOf(state()),
    listeners: () => bytesOf(...listeners()),
    badResults: () => bytesOf(...bad()),
    snapshot: () => bytesOf(...results.tap.snapshot(), { kind: 'synced' }),
  };
}

/** An agent that sends a longer line is ignored from then on. Unknown messages are skipped. */
function namesFrom(socket: Socket, ports: ServeSubscribersDeps['ports']): (chunk: Buffer) => void {
  let isHeard = true;
  const read = createLines({
    longest: LONGEST_NAMED,
    tooLong: () => {
      isHeard = false;
    },
    line(text) {
      const named = parseNamed(text);
      if (named !== undefined && !socket.destroyed) ports.named(socket, named);
    },
  });
  return (chunk) => {
    if (isHeard) read(chunk);
  };
}

function bytesOf(...messages: readonly ReconcileMessage[]): Buffer {
  return Buffer.from(messages.map(lineOf).join(''));
}
